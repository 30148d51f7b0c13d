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

void window_init(void);
struct schedule *window_schedule(void);

/* Counts the group for its destination; ready: it may be tried. */
void window_add(struct group *, bool ready);
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

#endif
