/* SPDX-License-Identifier: ISC */
/* queue/age.h - messages that are told of as delayed, or given up, by age.
 *
 * That needs no attempt: a message whose destination sleeps or is suspended
 * hears its time as well.  What is held is not touched; what is being tried
 * is judged at the end of that.
 */
#ifndef QUEUE_AGE_H
#define QUEUE_AGE_H

#include <stdbool.h>
#include <stdint.h>

/* From now on. */
void age_open(void);
/* The group is being given up at this moment: nobody may take it. */
bool age_has(uint64_t message, uint32_t group);
/* By somebody else's operation; it is over. */
struct store_aged;
void age_enter(struct store_aged *);
void age_leave(const struct store_aged *);

#endif
