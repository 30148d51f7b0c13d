/* SPDX-License-Identifier: ISC */
/* deliver/timers.h - many time-outs of few lengths, to a second.
 *
 * A list per length, so that the first of each is the next to fire: setting
 * and clearing cost nothing.  One tick a second, only while a timer is set.
 */
#ifndef DELIVER_TIMERS_H
#define DELIVER_TIMERS_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum { TIMER_LENGTHS = 12 }; /* different ones; more are a panic */

struct timer {
	TAILQ_ENTRY(timer) entry;
	void (*fire)(void *arg); /* the timer is clear again by then */
	void *arg;
	int64_t due; /* clock_mono_ms() */
	uint8_t list;
	bool set;
};

TAILQ_HEAD(timer_list, timer);

struct timers {
	struct event tick;
	bool ticking;
	struct {
		unsigned int seconds;
		struct timer_list list;
	} lengths[TIMER_LENGTHS];
	uint8_t nlengths;
};

void timers_init(struct timers *, struct event_base *);
void timer_init(struct timer *, void (*fire)(void *), void *arg);
void timer_set(struct timers *, struct timer *, unsigned int seconds);
void timer_clear(struct timers *, struct timer *);

#endif
