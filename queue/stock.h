/* SPDX-License-Identifier: ISC */
/* queue/stock.h - body files that smtpd workers are writing, or will.
 *
 * Each was handed out as an append-only descriptor; queue keeps a read-only
 * one.  It ends by commit, by being abandoned, or with its worker.
 */
#ifndef QUEUE_STOCK_H
#define QUEUE_STOCK_H

#include "common/run/process.h"

#include <stdint.h>

enum { STOCK_WANT_MAX = 256 };

/* The worker wishes to have so many. */
void stock_want(struct peer *, size_t count);
/* Takes the read-only descriptor of this worker's file; -1: it has no such. */
int stock_take(struct peer *, uint64_t id);
/* The file is not wanted any more. False: the worker has no such. */
bool stock_abandon(struct peer *, uint64_t id);
/* The worker is gone, and with it all that it had. */
void stock_lost(struct peer *);
/* Makes more where workers have less than they wish. */
void stock_fill(void);

#endif
