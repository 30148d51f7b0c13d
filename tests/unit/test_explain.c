/* SPDX-License-Identifier: ISC */
/* tests/unit/test_explain.c - what queue believes of a worker that is asked
 * what would become of mail; channels, timers and the store are the test's.
 */
#include "queue/explain.h"

#include "common/base/clock.h"
#include "common/ipc/msg_explain.h"
#include "common/ipc/msg_lookup.h"
#include "common/mail/status.h"
#include "common/run/process.h"
#include "queue/expand.h"
#include "queue/store.h"
#include "queue/window.h"
#include "queue/workers.h"

#include "tests/unit/check.h"

#include <event2/event.h>
#include <sysexits.h>

enum {
	NOW = 1000000,
	NAMES_MS = 10 * 1000,
	FIND_MS = 50 * 1000,
	SILENCE_MS = 60 * 1000
};

struct event {
	event_callback_fn handle;
	void *arg;
};

static struct {
	struct event timer;
	struct conf conf;
	struct schedule schedule;
	struct peer worker, report, lookup;
	bool alias;        /* lookup knows who is meant */
	struct conv names; /* of it; object NULL: it has none */
	struct conv ask;   /* of report */
	struct conv probe; /* of the worker; object NULL: it has none */
	const struct ipc_type *heard; /* the type being handled */
	struct store_op *op;
	unsigned int told;           /* messages to report */
	struct msg_explain_end last; /* of these */
	unsigned int ends;
	unsigned int accused;
} t;

struct event *
event_new(struct event_base *base, evutil_socket_t fd, short what,
    event_callback_fn handle, void *arg)
{
	(void)base;
	(void)fd;
	(void)what;
	t.timer = (struct event){ handle, arg };
	return &t.timer;
}

int
event_add(struct event *e, const struct timeval *tv)
{
	(void)e;
	(void)tv;
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
	return &t.conf;
}

struct peer *
process_peer(enum peer_kind kind, size_t n)
{
	assert_int_equal(kind, PEER_LOOKUP);
	(void)n;
	return &t.lookup;
}

/* Its conversations end with it, as channel.h says. */
void
process_accuse(struct peer *p, const char *why)
{
	assert_ptr_equal(p, &t.worker);
	assert_string_equal(why, "no answer to a question");
	t.accused++;
	explain_lost(&t.probe);
	t.probe.object = NULL;
}

struct schedule *
window_schedule(void)
{
	return &t.schedule;
}

struct peer *
workers_choose(const struct destination *d)
{
	assert_string_equal(d->host, "x.example");
	return &t.worker;
}

bool
expand_wanted(const struct mailbox *box)
{
	(void)box;
	return t.alias;
}

void
store_submit(struct store_op *op)
{
	t.op = op;
}

void *
channel_owner(const struct channel *ch)
{
	(void)ch;
	return &t.report;
}

const struct ipc_type *
channel_message(const struct channel *ch)
{
	(void)ch;
	return t.heard;
}

bool
channel_may_open(const struct channel *ch, const struct ipc_type *type)
{
	(void)ch;
	return type == &msg_probe || type == &msg_expand;
}

struct conv *
channel_open(struct channel *ch, const struct ipc_type *type, const void *msg,
    int fd, unsigned int phase, void *object)
{
	struct conv *conv = type == &msg_expand ? &t.names : &t.probe;

	(void)ch;
	(void)msg;
	assert_true(type == &msg_expand || type == &msg_probe);
	assert_int_equal(fd, -1);
	conv->phase = phase;
	conv->object = object;
	return conv;
}

void
channel_send(struct channel *ch, struct conv *conv, const struct ipc_type *type,
    const void *msg, int fd)
{
	(void)ch;
	(void)fd;
	assert_ptr_equal(conv, &t.ask);
	t.told++;
	if (type != &msg_explain_end)
		return;
	t.ends++;
	t.last = *(const struct msg_explain_end *)msg;
}

void
conv_end(struct channel *ch, struct conv *conv)
{
	(void)ch;
	assert_ptr_equal(conv, &t.ask);
	assert_null(conv->object);
}

static void
time_is(int64_t now)
{
	clock_set_for_test(now);
	t.timer.handle(-1, EV_TIMEOUT, t.timer.arg);
}

static int
set_up(void **state)
{
	struct event timer = t.timer; /* it is made once */

	(void)state;
	memset(&t, 0, sizeof(t));
	t.timer = timer;
	t.worker.channel = t.report.channel = t.lookup.channel =
	    (struct channel *)&t;
	clock_set_for_test(NOW);
	conf_init(&t.conf);
	schedule_init(&t.schedule, 1, 1, 1);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	schedule_clear(&t.schedule);
	conf_clear(&t.conf);
	return 0;
}

/* A worker has the question. */
static void
ask(uint8_t connect)
{
	struct msg_explain m = { .operator_ = 1,
		.ask = { .connect = connect, .address = "a@x.example" } };

	t.ask = (struct conv){ 0 };
	assert_true(explain_asked((struct channel *)&t, &t.ask, &m, -1));
	assert_non_null(t.op);
	t.op->done(t.op);
	t.op = NULL;
	assert_non_null(t.probe.object);
	t.told = 0;
}

static bool
hear(const struct ipc_type *type, const void *m)
{
	t.heard = type;
	return explain_heard((struct channel *)&t, &t.probe, m, -1);
}

static const struct msg_explain_way way;
static const struct msg_explain_server server = { .family = 4 };
static const struct msg_explain_session session = {
	.family = 4, .verdict = VERDICT_DONE, .smtp = 250
};
static const struct msg_explain_end goes = { .verdict = VERDICT_DONE,
	.smtp = 250 };
static const struct msg_explain_end waits = { .verdict = VERDICT_LATER,
	.smtp = 451 };

static void
lose(void)
{
	explain_lost(&t.probe);
	t.probe.object = NULL;
}

static void
test_answer(void **state)
{
	(void)state;
	ask(1);
	assert_true(hear(&msg_explain_way, &way));
	assert_true(hear(&msg_explain_server, &server));
	assert_true(hear(&msg_explain_session, &session));
	assert_true(hear(&msg_explain_end, &goes));
	assert_int_equal(t.told, 4);
	assert_int_equal(t.last.code, 0);
}

/* Without a way it may not go, but what keeps it may be told. */
static void
test_ends(void **state)
{
	const struct msg_explain_end ours = { .code = EX_TEMPFAIL };

	(void)state;
	ask(0);
	assert_false(hear(&msg_explain_end, &goes));
	lose();
	ask(0);
	assert_true(hear(&msg_explain_way, &way));
	assert_false(hear(&msg_explain_end, &goes));
	lose();
	ask(0);
	assert_false(hear(&msg_explain_end, &ours));
	lose();
	assert_int_equal(t.ends, 3);
	assert_int_equal(t.last.code, EX_TEMPFAIL);
	ask(0);
	assert_true(hear(&msg_explain_end, &waits));
	assert_int_equal(t.ends, 4);
	assert_int_equal(t.last.code, 0);
}

static void
test_not_connected(void **state)
{
	(void)state;
	ask(0);
	assert_true(hear(&msg_explain_way, &way));
	assert_true(hear(&msg_explain_server, &server));
	assert_false(hear(&msg_explain_session, &session));
	lose();
}

/* Who waits is told in time; a worker that stands still is ended later, and
 * until then nothing more is believed of it than before. */
static void
test_silence(void **state)
{
	(void)state;
	ask(0);
	time_is(NOW + FIND_MS - 1);
	assert_int_equal(t.ends, 0);
	time_is(NOW + FIND_MS);
	assert_int_equal(t.ends, 1);
	assert_int_equal(t.last.code, EX_TEMPFAIL);
	assert_true(hear(&msg_explain_way, &way));
	assert_false(hear(&msg_explain_way, &way));
	assert_int_equal(t.told, 1);
	time_is(NOW + FIND_MS + SILENCE_MS - 1);
	assert_int_equal(t.accused, 0);
	time_is(NOW + FIND_MS + SILENCE_MS);
	assert_int_equal(t.accused, 1);
	time_is(NOW + FIND_MS + 3 * SILENCE_MS);
	assert_int_equal(t.accused, 1);
	assert_int_equal(t.ends, 1);
}

/* It was slow; it is not accused. */
static void
test_late_answer(void **state)
{
	(void)state;
	ask(0);
	time_is(NOW + FIND_MS);
	assert_true(hear(&msg_explain_end, &waits));
	time_is(NOW + FIND_MS + 2 * SILENCE_MS);
	assert_int_equal(t.accused, 0);
	assert_int_equal(t.ends, 1);
}

/* Nobody waits for it any more, and the worker has not answered. */
static void
test_gone(void **state)
{
	(void)state;
	ask(0);
	explain_gone(&t.ask);
	time_is(NOW + FIND_MS);
	assert_int_equal(t.told, 0);
	time_is(NOW + FIND_MS + SILENCE_MS);
	assert_int_equal(t.accused, 1);
}

static bool
names(const char *who)
{
	struct msg_expand_end end = { .count = who != NULL };
	struct msg_expanded m = { 0 };

	if (who == NULL)
		return strlcpy(end.text, "nobody", sizeof(end.text)) > 0 &&
		       explain_names_end(&t.names, &end);
	(void)strlcpy(m.address, who, sizeof(m.address));
	return explain_name(&t.names, &m) && explain_names_end(&t.names, &end);
}

/* A question whose name lookup has. */
static void
ask_alias(struct conv *from)
{
	struct msg_explain m = { .operator_ = 1,
		.ask = { .connect = 1, .address = "us@x.example" } };

	*from = (struct conv){ 0 };
	t.alias = true;
	assert_true(explain_asked((struct channel *)&t, from, &m, -1));
	t.alias = false;
	assert_non_null(t.names.object);
	t.told = 0;
}

/* lookup stands still: whoever asked is told after its time, which is not that
 * of servers, and the next one may connect; what lookup says then is nothing.
 */
static void
test_lookup_is_late(void **state)
{
	unsigned int told;

	(void)state;
	ask_alias(&t.ask);
	time_is(NOW + NAMES_MS - 1);
	assert_int_equal(t.ends, 0);
	time_is(NOW + NAMES_MS);
	assert_int_equal(t.ends, 1);
	assert_int_equal(t.last.code, EX_TEMPFAIL);
	ask(1);
	told = t.told;
	assert_true(names("a@x.example"));
	assert_null(t.op);
	assert_int_equal(t.told, told);
	assert_int_equal(t.ends, 1);
	assert_true(hear(&msg_explain_end, &waits));
	assert_int_equal(t.ends, 2);
}

/* Who asked has gone before there was anybody to connect to. */
static void
test_gone_before_it_connects(void **state)
{
	(void)state;
	ask_alias(&t.ask);
	explain_gone(&t.ask);
	ask(1);
	assert_true(names(NULL));
	assert_int_equal(t.ends, 0);
	assert_true(hear(&msg_explain_end, &waits));
	assert_int_equal(t.ends, 1);
}

/* In time: the servers have their whole time from then on. */
static void
test_lookup_in_time(void **state)
{
	(void)state;
	ask_alias(&t.ask);
	time_is(NOW + NAMES_MS - 1);
	assert_true(names("a@x.example"));
	t.op->done(t.op);
	assert_non_null(t.probe.object);
	time_is(NOW + NAMES_MS - 2 + FIND_MS);
	assert_int_equal(t.ends, 0);
	assert_true(hear(&msg_explain_end, &waits));
	assert_int_equal(t.ends, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_lookup_is_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_gone_before_it_connects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_lookup_in_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_not_connected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_silence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_late_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gone, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
