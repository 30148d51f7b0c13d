/* SPDX-License-Identifier: ISC */
/* queue/window.c - the part of queue.db that is in memory. */
#include "queue/window.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "common/run/process.h"
#include "queue/dispatch.h"
#include "queue/embargo.h"
#include "queue/outcome.h"
#include "queue/store.h"

#include <event2/event.h>
#include <stdlib.h>

enum {
	BUCKETS = 8192,
	LOAD_BELOW = 32,       /* groups in line at which more are read */
	LOOK_AGAIN_MS = 60000, /* at least so often */
	LOOK_SOON_MS = 5
};

static struct {
	struct schedule schedule;
	struct group *bucket[BUCKETS];
	bool open;
	bool looking;               /* STORE_DUE is under way */
	bool again;                 /* and must be asked once more */
	int64_t seen_wake, seen_id; /* destinations read so far */
	struct event *timer;
} window;

static void on_timer(evutil_socket_t, short, void *);

void
window_init(void)
{
	const struct conf *conf = process_conf();

	schedule_init(&window.schedule,
	    (unsigned int)conf_number(conf, KEY_DESTINATION_CONNECTIONS),
	    (size_t)conf_number(conf, KEY_TOTAL_CONNECTIONS),
	    (uint64_t)arc4random() << 32 | arc4random());
	window.timer = event_new(process_base(), -1, 0, on_timer, NULL);
	if (window.timer == NULL)
		fatal("no timer for the window");
}

struct schedule *
window_schedule(void)
{
	return &window.schedule;
}

static struct group **
bucket_of(uint64_t message)
{
	return &window.bucket[message % BUCKETS];
}

void
window_add(struct group *g, bool ready)
{
	struct group **b = bucket_of(g->message->id);

	g->same = *b;
	*b = g;
	schedule_hold(&window.schedule, g);
	if (ready)
		schedule_ready(&window.schedule, g);
}

void
window_drop(struct group *g)
{
	struct group **p = bucket_of(g->message->id);

	while (*p != g)
		p = &(*p)->same;
	*p = g->same;
	schedule_drop(&window.schedule, g);
	group_free(g);
}

struct group *
window_find(uint64_t message, uint32_t n)
{
	struct group *g = *bucket_of(message);

	while (g != NULL && (g->message->id != message || g->n != n))
		g = g->same;
	return g;
}

void
window_each(uint64_t message, void (*fn)(struct group *, void *), void *arg)
{
	struct group *g, *next;

	for (g = *bucket_of(message); g != NULL; g = next) {
		next = g->same;
		if (g->message->id == message)
			fn(g, arg);
	}
}

static void
timer_set(int64_t ms)
{
	struct timeval tv;

	if (ms < LOOK_SOON_MS)
		ms = LOOK_SOON_MS;
	if (ms > LOOK_AGAIN_MS)
		ms = LOOK_AGAIN_MS;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	event_add(window.timer, &tv);
}

/* A destination's row says that it is due. */
static void
enter(const struct store_due_row *row)
{
	struct destination *d = schedule_destination(&window.schedule,
	    (enum transport)row->transport, row->host, row->port);

	d->id = row->id;
	d->dirty = true;
	d->more = true;
	d->after_time = INT64_MIN;
	d->not_before = row->not_before; /* 0 by an operator's retry */
	if (row->failures > 0 && d->failures == 0) {
		d->failures = row->failures;
		d->probing = true;
	}
	if (d->not_before <= clock_wall_ms())
		schedule_wake(&window.schedule, d);
	window_settle(d);
}

static void
on_due(struct store_op *op)
{
	struct store_due *due = &op->u.due;
	int64_t pause = LOOK_AGAIN_MS;

	window.looking = false;
	for (size_t i = 0; i < due->n; i++) {
		window.seen_wake = due->rows[i].wake;
		window.seen_id = due->rows[i].id;
		enter(&due->rows[i]);
	}
	for (size_t i = 0; i < due->nflawed; i++) {
		log_begin("bad-destination");
		log_i64("row", due->flawed[i]);
		log_end();
	}
	if (due->next_wake > 0)
		pause = due->next_wake - due->now;
	if (window.again || due->n + due->nflawed == STORE_DUE_MAX)
		pause = 0;
	window.again = false;
	timer_set(pause);
	store_op_free(op);
	dispatch_run();
}

static void
look(void)
{
	struct store_op *op;

	if (!window.open)
		return;
	if (window.looking) {
		window.again = true;
		return;
	}
	op = store_op_new(STORE_DUE, on_due, NULL);
	op->u.due.now = clock_wall_ms();
	op->u.due.after_wake = window.seen_wake;
	op->u.due.after_id = window.seen_id;
	window.looking = true;
	store_submit(op);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (embargo_expire(clock_mono_ms()))
		window_look();
	look();
}

void
window_look(void)
{
	window.seen_wake = INT64_MIN;
	window.seen_id = 0;
	look();
}

void
window_open(void)
{
	window.open = true;
	window_look();
}

/* One group as it came from queue.db: where does it go today? */
static void
take_in(struct destination *d, struct group *g)
{
	if (embargo_has(g->message->id, g->n) ||
	    window_find(g->message->id, g->n) != NULL) {
		group_free(g);
		return;
	}
	g->destination = d;
	outcome_route(g);
	window_add(g, true);
}

static void
on_load(struct store_op *op)
{
	struct store_load *l = &op->u.load;
	struct destination *d = op->owner;

	d->loading = false;
	d->more = l->more;
	d->after_time = l->after_time;
	d->after_message = l->after_message;
	d->after_n = l->after_n;
	for (size_t i = 0; i < l->n; i++)
		take_in(d, l->groups[i]);
	outcome_log_flawed(&l->flawed);
	store_op_free(op);
	window_settle(d);
	dispatch_run();
}

static void
load(struct destination *d, size_t max)
{
	struct store_op *op = store_op_new(STORE_LOAD, on_load, d);

	op->u.load.destination_id = d->id;
	op->u.load.now = clock_wall_ms();
	op->u.load.after_time = d->after_time;
	op->u.load.after_message = d->after_message;
	op->u.load.after_n = d->after_n;
	op->u.load.max = max;
	d->loading = true;
	store_submit(op);
}

static void
row_update(struct destination *d, bool clock, const char *error)
{
	struct store_op *op = store_op_new(STORE_SLEEP, store_op_free, NULL);

	op->u.sleep.destination_id = d->id;
	op->u.sleep.clock = clock;
	op->u.sleep.not_before = d->not_before;
	op->u.sleep.failures = d->failures;
	if (error != NULL)
		op->u.sleep.error = mem_copy_string(error);
	store_submit(op);
}

/* The row of a destination that woke up well says so, once. */
static void
settle_clock(struct destination *d)
{
	if (d->id != 0 && d->marked && d->failures == 0) {
		d->marked = false;
		row_update(d, true, NULL);
	}
}

void
window_settle(struct destination *d)
{
	int64_t now = clock_wall_ms();
	size_t room = schedule_room(&window.schedule, d);
	size_t inline_groups = d->ngroups - d->nopen;

	settle_clock(d);
	if (d->loading || d->not_before > now)
		return;
	if (d->probing)
		room = d->ngroups == 0 ? 1 : 0;
	if (d->more && d->id != 0 && room > 0 && inline_groups < LOAD_BELOW) {
		load(d, room < STORE_LOAD_MAX ? room : STORE_LOAD_MAX);
		return;
	}
	if (d->ngroups > 0 || d->more)
		return;
	if (d->dirty && d->id != 0)
		row_update(d, false, NULL);
	schedule_forget(&window.schedule, d);
}

void
window_sleep(struct destination *d, const char *error)
{
	struct group *g, *next;

	TAILQ_FOREACH_SAFE (g, &d->line, ready, next)
		outcome_put_back(g);
	d->more = true;
	d->dirty = true;
	d->after_time = INT64_MIN;
	if (d->id != 0) {
		d->marked = true;
		row_update(d, true, error);
	}
	log_begin("asleep");
	log_text("destination", d->host);
	log_u64("failures", d->failures);
	log_i64("seconds", (d->not_before - clock_wall_ms()) / 1000);
	log_text("error", error);
	log_end();
	timer_set(d->not_before - clock_wall_ms());
}
