/* SPDX-License-Identifier: ISC */
/* tests/unit/test_window.c - what of queue.db is read when; the store, the
 * timers and the configuration are the test's. */
#include "queue/welcome.h"
#include "queue/window.h"

#include "common/base/clock.h"
#include "common/conf/conf.h"
#include "common/ipc/msg_job.h"
#include "common/run/process.h"
#include "queue/embargo.h"
#include "queue/intake.h"

#include "tests/unit/check.h"

#include <event2/event.h>

enum { NOW = 1000000, LATER = 20000, ROW = 7, OPS = 16, TIMERS = 16 };

struct event {
	event_callback_fn handle;
	void *arg;
	int64_t at; /* 0: not set */
};

static struct event timers[TIMERS];
static size_t ntimers;
static struct store_op *asked[OPS];
static size_t nasked;
static struct conf conf;

struct event *
event_new(struct event_base *base, evutil_socket_t fd, short what,
    event_callback_fn handle, void *arg)
{
	struct event *e = &timers[ntimers++];

	(void)base;
	(void)fd;
	(void)what;
	e->handle = handle;
	e->arg = arg;
	return e;
}

int
event_add(struct event *e, const struct timeval *tv)
{
	e->at = clock_mono_ms() + tv->tv_sec * 1000 + tv->tv_usec / 1000;
	return 0;
}

struct event_base *
process_base(void)
{
	return NULL;
}

const struct conf *
process_conf(void)
{
	return &conf;
}

struct peer *
process_peer(enum peer_kind kind, size_t n)
{
	(void)kind;
	(void)n;
	return NULL; /* nobody delivers anything */
}

void
process_accuse(struct peer *p, const char *why)
{
	(void)p;
	fail_msg("%s", why);
}

void
store_submit(struct store_op *op)
{
	assert_true(nasked < OPS);
	asked[nasked++] = op;
}

const uint8_t *
store_key(void)
{
	return NULL; /* as there are no jobs */
}

/* Nothing comes in either. */
bool
intake_settled(void)
{
	return true;
}

const char *
welcome_refuses(void)
{
	return NULL;
}

/* What was asked for next, if it is of that kind. */
static struct store_op *
take(enum store_kind kind)
{
	struct store_op *op = asked[0];

	assert_true(nasked > 0);
	assert_int_equal(op->kind, kind);
	nasked--;
	for (size_t i = 0; i < nasked; i++)
		asked[i] = asked[i + 1];
	return op;
}

static void
time_is(int64_t now)
{
	clock_set_for_test(now);
	for (size_t i = 0; i < ntimers; i++)
		if (timers[i].at != 0 && timers[i].at <= now) {
			timers[i].at = 0;
			timers[i].handle(-1, EV_TIMEOUT, timers[i].arg);
		}
}

static struct destination *
known(void)
{
	return schedule_find(window_schedule(), TRANSPORT_MX, "a.example", 25);
}

/* Its row is due, and is read. */
static void
fall_due(void)
{
	struct store_op *op = take(STORE_DUE);
	struct store_due_row *r = &op->u.due->rows[op->u.due->n++];

	r->row.id = ROW;
	r->transport = TRANSPORT_MX;
	r->port = 25;
	snprintf(r->host, sizeof(r->host), "a.example");
	r->wake = NOW - 1;
	op->done(op);
}

/* Of its groups one is due, or none; another one will be. */
static void
load(bool one, int64_t next_due)
{
	struct store_op *op = take(STORE_LOAD);
	struct message *m;

	assert_int_equal(op->u.load->destination_id, ROW);
	if (one) {
		m = message_new();
		m->id = 1;
		op->u.load->groups[op->u.load->n++] = group_new(m, 1);
		message_release(m);
	}
	op->u.load->next_due = next_due;
	op->done(op);
}

static int
set_up(void **state)
{
	(void)state;
	ntimers = nasked = 0;
	memset(timers, 0, sizeof(timers));
	clock_set_for_test(NOW);
	conf_init(&conf);
	window_init();
	window_open();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	embargo_lift(1, 1);
	while (nasked > 0)
		store_op_free(asked[--nasked]);
	schedule_clear(window_schedule());
	conf_clear(&conf);
	return 0;
}

/* Its row wakes it when the next one is due. */
static void
test_leaves_when_nothing_is_due(void **state)
{
	struct store_op *left;

	(void)state;
	fall_due();
	load(false, NOW + LATER);
	assert_null(known());
	left = take(STORE_SLEEP);
	assert_int_equal(left->u.sleep.destination_id, ROW);
	store_op_free(left);
}

/* Its row's wake is that of the one that a worker still holds: that it would
 * not be read again for. */
static void
test_stays_for_what_follows_a_barred_one(void **state)
{
	struct job_key key = { .message = 1, .group = 1 };

	(void)state;
	assert_true(embargo_add(&key, NULL));
	assert_false(embargo_add(&key, NULL));
	fall_due();
	load(true, NOW + LATER);
	assert_non_null(known());
	assert_int_equal(nasked, 0);
	time_is(NOW + LATER - 1);
	assert_int_equal(nasked, 0);
	time_is(NOW + LATER);
	load(true, 0);
	/* nothing else is to come: the end of the embargo looks for it */
	assert_null(known());
}

/* More than a look at all rows away: the timer is set for it after that. */
static void
test_due_after_the_next_look(void **state)
{
	struct job_key key = { .message = 1, .group = 1 };
	const int64_t minute = 60000, when = NOW + minute + LATER;
	struct store_op *op;

	(void)state;
	embargo_add(&key, NULL);
	fall_due();
	load(true, when);
	assert_non_null(known());
	time_is(NOW + minute);
	op = take(STORE_DUE);
	op->done(op);
	assert_int_equal(nasked, 0);
	time_is(when - 1);
	assert_int_equal(nasked, 0);
	time_is(when);
	load(true, 0);
	op = take(STORE_DUE);
	op->done(op);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_due_after_the_next_look, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_leaves_when_nothing_is_due, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_stays_for_what_follows_a_barred_one, set_up,
		    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
