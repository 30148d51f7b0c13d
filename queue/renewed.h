/* SPDX-License-Identifier: ISC */
/* queue/renewed.h - a login has another password or token than before.
 *
 * What its destinations have failed by may be over: they are awake again, so
 * that mail which waits for a token goes when that comes, with nobody's help.
 */
#ifndef QUEUE_RENEWED_H
#define QUEUE_RENEWED_H

#include "common/run/process.h"

/* The worker of a login says so.  False: it has none. */
bool renewed_heard(struct peer *);

#endif
