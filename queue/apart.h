/* SPDX-License-Identifier: ISC */
/* queue/apart.h - groups that wait outside the line while an order about
 * them is written.
 */
#ifndef QUEUE_APART_H
#define QUEUE_APART_H

#include "common/ipc/msg_report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Groups of one message that cannot be: being tried, by whichever queue's
 * order, or their row is being written. */
struct apart {
	uint32_t *busy;
	size_t nbusy;
};

/* Takes those in line out of it, unless they are not his who asks. */
void apart_take(const struct msg_order *, struct apart *);
bool apart_is_busy(const struct apart *, uint32_t group);
/* The row of one of them is gone: so is the group. */
void apart_drop(uint64_t message, uint32_t group);
/* All that are left go back into line; or, when written, out of memory, to be
 * read again by what their rows say now. */
void apart_end(uint64_t message, bool written);

#endif
