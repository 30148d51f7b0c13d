/* SPDX-License-Identifier: ISC */
/* queue/window.h - the part of queue.db that is in memory.
 *
 * Fresh groups enter when they are accepted, waiting ones when their
 * destination is due.  A group leaves when it is finished, stored as waiting,
 * or its destination goes to sleep.
 */
#ifndef QUEUE_WINDOW_H
#define QUEUE_WINDOW_H

#include "queue/schedule.h"
#include "queue/store.h"

void window_init(void);
struct schedule *window_schedule(void);

/* A group that the schedule holds is in memory from now on. */
void window_add(struct group *);
/* Out of memory; frees the group. */
void window_drop(struct group *);
struct group *window_find(uint64_t message, uint32_t n);
/* Calls for each group of a message that is in memory. */
void window_each(uint64_t message, void (*)(struct group *, void *), void *);

/* From now on destinations that are due are read. */
void window_open(void);
/* Something in queue.db may be due now. */
void window_look(void);
/* Read groups of this destination, if there is room; or forget it. */
void window_settle(struct destination *);
/* Its clock has changed: the row too.  Its groups in line are stored. */
void window_sleep(struct destination *, const char *error);
/* What its row said when it was found: heeded if it is the first contact. */
void window_known(struct destination *, const struct store_row *);
/* One of its groups that are not in memory is due then. */
void window_expect(struct destination *, int64_t when);
/* Not to be tried: its groups in line are stored, or were never changed. */
void window_put_back(struct destination *);
/* Those whose row's clock an operator has reset. */
void window_wake(const int64_t *ids, size_t n);
/* There may be room again for those that wait for it. */
void window_feed(void);
/* Comes back when a rate lets the next one go. */
void window_pace(void);

#endif
