/* SPDX-License-Identifier: ISC */
/* deliver/timers.c - many time-outs of few lengths, to a second. */
#include "deliver/timers.h"

#include "common/base/clock.h"
#include "common/base/fatal.h"

#include <event2/event.h>
#include <string.h>

static const struct timeval one_second = { .tv_sec = 1 };

static void
fire_due(struct timers *ts, uint8_t i, int64_t now)
{
	struct timer *t;

	while (
	    (t = TAILQ_FIRST(&ts->lengths[i].list)) != NULL && t->due <= now) {
		timer_clear(ts, t);
		t->fire(t->arg);
	}
}

static bool
any_set(const struct timers *ts)
{
	for (uint8_t i = 0; i < ts->nlengths; i++)
		if (!TAILQ_EMPTY(&ts->lengths[i].list))
			return true;
	return false;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct timers *ts = arg;
	int64_t now = clock_mono_ms();

	(void)fd;
	(void)what;
	for (uint8_t i = 0; i < ts->nlengths; i++)
		fire_due(ts, i, now);
	ts->ticking = any_set(ts);
	if (ts->ticking)
		event_add(&ts->tick, &one_second);
}

void
timers_init(struct timers *ts, struct event_base *base)
{
	memset(ts, 0, sizeof(*ts));
	event_assign(&ts->tick, base, -1, 0, on_tick, ts);
}

void
timer_init(struct timer *t, void (*fire)(void *), void *arg)
{
	memset(t, 0, sizeof(*t));
	t->fire = fire;
	t->arg = arg;
}

static uint8_t
list_of(struct timers *ts, unsigned int seconds)
{
	uint8_t i = 0;

	while (i < ts->nlengths && ts->lengths[i].seconds != seconds)
		i++;
	if (i < ts->nlengths)
		return i;
	if (i == TIMER_LENGTHS)
		panic("too many lengths of timers");
	ts->lengths[i].seconds = seconds;
	TAILQ_INIT(&ts->lengths[i].list);
	ts->nlengths++;
	return i;
}

void
timer_set(struct timers *ts, struct timer *t, unsigned int seconds)
{
	timer_clear(ts, t);
	t->list = list_of(ts, seconds);
	t->due = clock_mono_ms() + 1000 * (int64_t)seconds;
	t->set = true;
	TAILQ_INSERT_TAIL(&ts->lengths[t->list].list, t, entry);
	if (!ts->ticking)
		event_add(&ts->tick, &one_second);
	ts->ticking = true;
}

void
timer_clear(struct timers *ts, struct timer *t)
{
	if (t->set)
		TAILQ_REMOVE(&ts->lengths[t->list].list, t, entry);
	t->set = false;
}
