/* SPDX-License-Identifier: ISC */
/* queue/window.c - the part of queue.db that is in memory. */
#include "queue/window.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "common/run/process.h"
#include "queue/age.h"
#include "queue/dispatch.h"
#include "queue/embargo.h"
#include "queue/orders.h"
#include "queue/outcome.h"
#include "queue/store.h"
#include "queue/suspend.h"

#include <event2/event.h>
#include <stdlib.h>

enum {
	LOAD_BELOW = 32,       /* groups in line at which more are read */
	LOOK_AGAIN_MS = 60000, /* at least so often */
	LOOK_RETRY_MS = 5000,  /* after queue.db could not be read or written */
	LOOK_SOON_MS = 5,
	HUNGRY_MAX = 1024, /* destinations that wait for room to be read into */
	SPREAD_MS = 50 /* between STORE_DUE_MAX that were due at the start */
};

static struct {
	struct schedule schedule;
	bool open;
	bool looking;               /* STORE_DUE is under way */
	bool again;                 /* and must be asked once more */
	bool afresh;                /* from the first destination on, soon */
	bool caught_up;             /* all that are due have been read */
	bool stalled;               /* too many are hungry to read on */
	int64_t seen_wake, seen_id; /* destinations read so far */
	int64_t opened;             /* wall clock, ms */
	int64_t swept;              /* monotonic: when reading began anew */
	int64_t fires;              /* monotonic: when the timer does */
	int64_t expected;           /* the least next_due in memory, or 0 */
	TAILQ_HEAD(, destination) hungry;
	size_t nhungry;
	struct event *timer;
	struct event *pace; /* a rate lets the next one go */
} window;

static void on_timer(evutil_socket_t, short, void *);
static void on_pace(evutil_socket_t, short, void *);

/* The configuration's rates: one transaction each so many microseconds. */
static void
limits(const struct conf *conf)
{
	for (size_t i = 0; i < conf->nrates; i++) {
		const struct conf_rate *r = &conf->rates[i];

		gate_limit(&window.schedule.gates, r->name,
		    ((int64_t)r->seconds * 1000000 + r->count - 1) / r->count,
		    clock_wall_ms());
	}
}

void
window_init(void)
{
	const struct conf *conf = process_conf();

	schedule_init(&window.schedule,
	    (unsigned int)conf_number(conf, KEY_DESTINATION_CONNECTIONS),
	    (size_t)conf_number(conf, KEY_TOTAL_CONNECTIONS),
	    (uint64_t)arc4random() << 32 | arc4random());
	limits(conf);
	window.timer = event_new(process_base(), -1, 0, on_timer, NULL);
	window.pace = event_new(process_base(), -1, 0, on_pace, NULL);
	if (window.timer == NULL || window.pace == NULL)
		fatal("no timer for the window");
	TAILQ_INIT(&window.hungry);
	window.fires = INT64_MAX;
}

struct schedule *
window_schedule(void)
{
	return &window.schedule;
}

static void
timer_set_at(struct event *timer, int64_t ms)
{
	struct timeval tv;

	if (ms < LOOK_SOON_MS)
		ms = LOOK_SOON_MS;
	if (ms > LOOK_AGAIN_MS)
		ms = LOOK_AGAIN_MS;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	if (event_add(timer, &tv) == -1)
		fatal("no timer for the window");
}

static void
timer_set(int64_t ms)
{
	window.fires =
	    clock_mono_ms() + (ms < LOOK_AGAIN_MS ? ms : LOOK_AGAIN_MS);
	timer_set_at(window.timer, ms);
}

static void
timer_sooner(int64_t ms)
{
	if (ms < window.fires - clock_mono_ms())
		timer_set(ms);
}

void
window_pace(void)
{
	int64_t due = schedule_due(&window.schedule);

	if (due > 0)
		timer_set_at(window.pace, due - clock_wall_ms());
}

static void
on_pace(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	dispatch_run();
}

/* The database failed: what its rows say now is read from the beginning, as
 * no row that is passed over may stay so. */
static void
look_later(void)
{
	window.afresh = true;
	timer_sooner(LOOK_RETRY_MS);
}

static void
on_row_updated(struct store_op *op)
{
	if (op->failed)
		look_later();
	store_op_free(op);
}

static void
hungry_remove(struct destination *d)
{
	if (!d->hungry)
		return;
	d->hungry = false;
	TAILQ_REMOVE(&window.hungry, d, meal);
	window.nhungry--;
}

static void
hungry_add(struct destination *d)
{
	if (d->hungry)
		return;
	d->hungry = true;
	TAILQ_INSERT_TAIL(&window.hungry, d, meal);
	window.nhungry++;
}

static void
row_update(struct destination *d, bool clock, const char *error)
{
	struct store_op *op = store_op_new(STORE_SLEEP, on_row_updated, NULL);

	op->u.sleep.destination_id = d->id;
	op->u.sleep.clock = clock;
	op->u.sleep.not_before = d->not_before;
	op->u.sleep.failures = d->failures;
	if (error != NULL)
		op->u.sleep.error = mem_copy_string(error);
	store_submit(op);
}

void
window_put_back(struct destination *d)
{
	struct group *g;

	while ((g = schedule_first(d)) != NULL)
		outcome_put_back(g);
	d->more = true;
	d->dirty = true;
	d->after_time = INT64_MIN;
}

/* A suspension that has passed is over, and its row says so. */
static void
suspension_check(struct destination *d, int64_t now)
{
	if (d->suspended == 0 || d->suspended > now)
		return;
	d->suspended = 0;
	suspend_expired(d);
}

/* Its row tells what memory did not know: the first contact. */
static void
learn(struct destination *d, const struct store_row *row)
{
	int64_t now = clock_wall_ms();

	d->id = row->id;
	d->suspended = row->suspended;
	if (row->told > d->told)
		d->told = row->told;
	suspension_check(d, now);
	if (row->not_before > d->not_before)
		d->not_before = row->not_before;
	if (row->failures > 0 && d->failures == 0) {
		d->failures = row->failures;
		d->probing = true;
		d->marked = true;
	} else if (d->failures > 0) {
		d->marked = true;
		row_update(d, true, NULL);
	}
	if (d->not_before <= now)
		schedule_wake(&window.schedule, d);
}

void
window_known(struct destination *d, const struct store_row *row)
{
	if (d->id != 0 || row->id == 0)
		return;
	learn(d, row);
	if (schedule_asleep(d, clock_wall_ms()))
		window_put_back(d);
}

/* A destination's row says that it is due. */
static void
enter(const struct store_due_row *r)
{
	struct destination *d = schedule_destination(
	    &window.schedule, (enum transport)r->transport, r->host, r->port);

	/* what memory knows is newer than the row */
	if (d->id == 0)
		learn(d, &r->row);
	d->dirty = true;
	d->more = true;
	d->after_time = INT64_MIN;
	window_settle(d);
}

/* How long until there may be more to read. */
static int64_t
pause_after(const struct store_due *due)
{
	bool full = due->n + due->nflawed == STORE_DUE_MAX;

	window.caught_up = !full;
	if (window.again)
		return 0;
	/* what fell due while nobody was there does not go out all at once */
	if (full)
		return window.seen_wake > 0 && window.seen_wake < window.opened
			   ? SPREAD_MS
			   : 0;
	return due->next_wake > 0 ? due->next_wake - due->now : LOOK_AGAIN_MS;
}

static void
on_due(struct store_op *op)
{
	struct store_due *due = op->u.due;

	window.looking = false;
	if (op->failed) {
		window.again = false;
		store_op_free(op);
		look_later();
		return;
	}
	for (size_t i = 0; i < due->n; i++) {
		if (!window.again) {
			window.seen_wake = due->rows[i].wake;
			window.seen_id = due->rows[i].row.id;
		}
		enter(&due->rows[i]);
	}
	for (size_t i = 0; i < due->nflawed; i++) {
		log_begin("bad-destination");
		log_i64("row", due->flawed[i]);
		log_end();
	}
	timer_sooner(pause_after(due));
	window.again = false;
	store_op_free(op);
	dispatch_run();
}

static void
look(void)
{
	struct store_op *op;

	window.stalled = window.nhungry >= HUNGRY_MAX;
	if (!window.open || window.looking || window.stalled)
		return;
	op = store_op_new(STORE_DUE, on_due, NULL);
	op->u.due->now = clock_wall_ms();
	op->u.due->after_wake = window.seen_wake;
	op->u.due->after_id = window.seen_id;
	window.looking = true;
	store_submit(op);
}

/* Groups of destinations in memory have become due. */
static void
expect_due(int64_t now)
{
	struct destination *d, *next;

	if (window.expected > now) /* more than a look away */
		timer_sooner(window.expected - now);
	if (window.expected == 0 || window.expected > now)
		return;
	window.expected = 0;
	for (size_t i = 0; i < SCHEDULE_BUCKETS; i++)
		for (d = window.schedule.bucket[i]; d != NULL; d = next) {
			next = d->next;
			if (d->next_due == 0)
				continue;
			if (d->next_due > now) {
				window_expect(d, d->next_due);
				continue;
			}
			d->next_due = 0;
			d->more = true;
			d->after_time = INT64_MIN;
			window_settle(d);
		}
}

void
window_expect(struct destination *d, int64_t when)
{
	if (d->next_due == 0 || when < d->next_due)
		d->next_due = when;
	if (window.expected == 0 || when < window.expected)
		window.expected = when;
	timer_sooner(when - clock_wall_ms());
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	int64_t now = clock_mono_ms();

	(void)fd;
	(void)what;
	(void)arg;
	timer_set(LOOK_AGAIN_MS);
	expect_due(clock_wall_ms());
	if (embargo_expire(now) || window.afresh ||
	    (window.caught_up && window.swept + LOOK_AGAIN_MS <= now))
		window_look();
	else
		look();
}

/* Reading goes on from there. */
static void
look_from(int64_t wake)
{
	window.seen_wake = wake;
	window.seen_id = 0;
	window.again = window.looking;
	look();
}

void
window_look(void)
{
	window.swept = clock_mono_ms();
	window.afresh = false;
	window.caught_up = false;
	look_from(INT64_MIN);
}

void
window_open(void)
{
	window.open = true;
	window.opened = clock_wall_ms();
	window_look();
}

/* One group as it came from queue.db: where does it go today? */
static void
take_in(struct destination *d, struct group *g)
{
	bool barred = embargo_has(g->message->id, g->n) ||
		      age_has(g->message->id, g->n) ||
		      orders_pending(g->message->id);

	d->barred = d->barred || barred;
	if (barred || window_find(g->message->id, g->n) != NULL) {
		group_free(g);
		return;
	}
	g->destination = d;
	outcome_route(g);
	g->loaded = true;
	schedule_hold(&window.schedule, g);
	window_add(g);
	outcome_line_up(g);
}

static void
on_load(struct store_op *op)
{
	struct store_load *l = op->u.load;
	struct destination *d = op->owner;

	d->loading = false;
	if (op->failed) {
		d->after_time = INT64_MIN;
		store_op_free(op);
		look_later();
		return;
	}
	d->more = l->more;
	d->loaded_at = l->now;
	d->after_time = l->after_time;
	d->after_message = l->after_message;
	d->after_n = l->after_n;
	for (size_t i = 0; i < l->n; i++)
		take_in(d, l->groups[i]);
	outcome_log_flawed(&l->flawed);
	if (schedule_asleep(d, clock_wall_ms()))
		window_put_back(d);
	else if (l->next_due > 0)
		window_expect(d, l->next_due);
	store_op_free(op);
	window_settle(d);
	dispatch_run();
}

static void
load(struct destination *d, size_t max)
{
	struct store_op *op = store_op_new(STORE_LOAD, on_load, d);

	op->u.load->destination_id = d->id;
	op->u.load->now = clock_wall_ms();
	op->u.load->after_time = d->after_time;
	op->u.load->after_message = d->after_message;
	op->u.load->after_n = d->after_n;
	op->u.load->max = max;
	d->barred = d->barred && d->after_time != INT64_MIN;
	d->loading = true;
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

/* Its row's wake is right again.  What fell due after the last look into its
 * groups may be earlier than what has been read of destinations. */
static void
on_left(struct store_op *op)
{
	const struct store_sleep *s = &op->u.sleep;

	if (op->failed)
		look_later();
	else if (s->wake > s->loaded_at && s->wake <= window.seen_wake)
		look_from(s->wake - 1);
	else if (s->wake > s->loaded_at)
		timer_sooner(s->wake - clock_wall_ms());
	store_op_free(op);
}

/* Out of memory: what there is to know is in its row. */
static void
leave(struct destination *d)
{
	struct store_op *op;

	hungry_remove(d);
	if (d->dirty && d->id != 0) {
		op = store_op_new(STORE_SLEEP, on_left, NULL);
		op->u.sleep.destination_id = d->id;
		op->u.sleep.loaded_at = d->loaded_at;
		store_submit(op);
	}
	schedule_forget(&window.schedule, d);
}

/* More of it is to be read: now, or when there is room. */
static void
read_more(struct destination *d)
{
	size_t room = schedule_room(&window.schedule, d);

	if (d->probing)
		room = d->ngroups == 0 ? 1 : 0;
	if (d->nloaded >= LOAD_BELOW || room == 0) {
		if (d->ngroups == 0)
			hungry_add(d);
		return;
	}
	hungry_remove(d);
	load(d, room < STORE_LOAD_MAX ? room : STORE_LOAD_MAX);
}

void
window_settle(struct destination *d)
{
	int64_t now = clock_wall_ms();

	suspension_check(d, now);
	settle_clock(d);
	if (d->loading)
		return;
	if (schedule_asleep(d, now)) {
		/* its row wakes it; one without a row is not worth keeping */
		if (d->ngroups == 0)
			leave(d);
		return;
	}
	schedule_wake(&window.schedule, d);
	if (d->more && d->id != 0)
		read_more(d);
	else if (d->ngroups == 0 && (!d->barred || d->next_due == 0))
		leave(d); /* else its row names the barred one, not the next */
}

void
window_feed(void)
{
	struct destination *d;

	while ((d = TAILQ_FIRST(&window.hungry)) != NULL &&
	       schedule_room(&window.schedule, d) > 0) {
		hungry_remove(d);
		window_settle(d);
		if (d->hungry)
			break;
	}
	if (window.stalled && window.nhungry < HUNGRY_MAX / 2)
		look();
}

void
window_sleep(struct destination *d, const char *error)
{
	window_put_back(d);
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
	timer_sooner(d->not_before - clock_wall_ms());
}
