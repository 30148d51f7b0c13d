/* SPDX-License-Identifier: ISC */
/* tests/unit/test_report_past.c - stories read in slices, whatever stops them.
 */
#include "queue/report_past.h"

#include "queue/history_store.h"
#include "queue/schema.h"
#include "tests/unit/check.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static char folder[] = "/tmp/postern-past-XXXXXX";

/* What came out, and when it pretends to be full. */
struct out {
	size_t messages, rcpts, events, since;
	size_t full_after; /* frames in one slice; 0: never */
	uint64_t ids[16];
	char last[MSG_ADDRESS_MAX + 1];
};

static void
take_message(void *arg, const struct msg_past_message *m)
{
	struct out *o = arg;

	o->ids[o->messages++ % nitems(o->ids)] = m->id;
	o->since++;
}

static void
take_rcpt(void *arg, const struct msg_past_rcpt *m)
{
	struct out *o = arg;

	memcpy(o->last, m->address, sizeof(o->last));
	o->rcpts++;
	o->since++;
}

static void
take_event(void *arg, const struct msg_past_event *m)
{
	struct out *o = arg;

	(void)m;
	o->events++;
	o->since++;
}

static void
take_queued(void *arg, const struct msg_row_rcpt *m)
{
	(void)arg;
	(void)m;
}

static bool
is_full(void *arg)
{
	const struct out *o = arg;

	return o->full_after > 0 && o->since >= o->full_after;
}

static const struct past_out sink = { take_message, take_rcpt, take_event,
	take_queued, is_full, NULL };

static enum rows_result
run(struct past_rows *p, struct rows *q, struct past_ask *ask, struct out *o)
{
	struct past_out out = sink;
	enum rows_result result;

	out.arg = o;
	do {
		o->since = 0;
		result = past_slice(p, q, ask, &out);
	} while (result == ROWS_GO_ON);
	return result;
}

/* Ten messages of two senders; each to r@d and to ten others. */
static void
fill(void)
{
	const struct past_limits limits = { .keep_ms = 1000000,
		.bytes = 1 << 30 };
	struct past *p = past_new(&limits);

	for (uint64_t id = 1; id <= 10; id++) {
		struct msg_past_message m = { .id = id,
			.received = (int64_t)id * 1000,
			.uid = id % 2 == 0 ? 1000 : UINT32_MAX };
		struct msg_past_rcpt r = { .id = id, .group = 1 };
		struct msg_past_event e = { .id = id,
			.group = 1,
			.kind = PAST_DEFERRED,
			.count = 1,
			.uid = UINT32_MAX };

		snprintf(m.sender, sizeof(m.sender), "s%d@x", (int)(id % 2));
		snprintf(
		    m.message_id, sizeof(m.message_id), "<m%d@x>", (int)id);
		past_message(p, &m);
		for (r.n = 0; r.n < 11; r.n++) {
			snprintf(r.address, sizeof(r.address), "r%s%d@d",
			    r.n == 0 ? "" : "x", r.n == 0 ? 0 : (int)r.n);
			past_rcpt(p, &r);
		}
		past_event(p, &e);
		past_event(p, &e);
		e.kind = PAST_DELIVERED;
		past_event(p, &e);
	}
	past_commit(p);
	past_free(p);
}

static const struct {
	const char *text;
	uint64_t id, before;
	int64_t since;
	uint32_t limit;
	bool all;
	size_t messages;
	uint64_t first;
	enum rows_result result;
} cases[] = {
	{ "s1@x", 0, 0, 0, 100, true, 5, 9, ROWS_OVER },
	{ "S1@X", 0, 0, 0, 100, true, 5, 9, ROWS_OVER },
	{ "s1@x", 0, 0, 0, 2, true, 2, 9, ROWS_LIMIT },
	{ "s1@x", 0, 7, 0, 2, true, 2, 5, ROWS_LIMIT },
	{ "s1@x", 0, 0, 5000, 100, true, 3, 9, ROWS_OVER },
	{ "s1@x", 0, 0, 0, 100, false, 0, 0, ROWS_OVER },
	{ "r0@d", 0, 0, 0, 100, true, 10, 10, ROWS_OVER },
	{ "r0@d", 0, 0, 0, 100, false, 5, 10, ROWS_OVER },
	{ "m3@x", 0, 0, 0, 100, true, 1, 3, ROWS_OVER },
	{ "<m3@x>", 0, 0, 0, 100, true, 1, 3, ROWS_OVER },
	{ "m33@x", 0, 0, 0, 100, true, 0, 0, ROWS_OVER },
	{ "", 4, 0, 0, 100, false, 1, 4, ROWS_OVER },
	{ "", 3, 0, 0, 100, false, 0, 0, ROWS_FOREIGN },
	{ "", 3, 0, 0, 100, true, 1, 3, ROWS_OVER },
};

static struct past_ask
ask_of(size_t i)
{
	struct past_ask a = { .id = cases[i].id,
		.before = cases[i].before,
		.since = cases[i].since,
		.limit = cases[i].limit,
		.all = cases[i].all,
		.uid = 1000 };

	snprintf(a.text, sizeof(a.text), "%s", cases[i].text);
	return a;
}

static void
test_answers(void **state)
{
	struct past_rows *p = past_rows_new("history.db");
	struct rows *q = rows_new("tests/no.db");

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct past_ask a = ask_of(i);
		struct out o = { 0 };
		enum rows_result result = run(p, q, &a, &o);

		/* the queue is not there: each message ends in that */
		if (cases[i].messages > 0) {
			check_int(cases[i].text, result, ROWS_FAILED);
			continue;
		}
		check_int(cases[i].text, result, cases[i].result);
	}
	past_rows_free(p);
	rows_free(q);
}

static void
test_slices(void **state)
{
	struct past_rows *p = past_rows_new("history.db");
	struct rows *q = rows_new("queue.db");

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		for (size_t full = 0; full < 5; full++) {
			struct past_ask a = ask_of(i);
			struct out o = { .full_after = full };

			check_int(
			    cases[i].text, run(p, q, &a, &o), cases[i].result);
			check_int(cases[i].text, o.messages, cases[i].messages);
			check_int(cases[i].text, o.ids[0], cases[i].first);
			/* one of them had its end in the list of recipients */
			check_int(
			    cases[i].text, o.rcpts, cases[i].messages * 11);
			check_int(
			    cases[i].text, o.events, cases[i].messages * 3);
			for (size_t k = 1; k < o.messages; k++)
				assert_true(o.ids[k] < o.ids[k - 1]);
		}
	past_rows_free(p);
	rows_free(q);
}

static void
test_no_history(void **state)
{
	struct past_rows *p = past_rows_new("nothing.db");
	struct rows *q = rows_new("queue.db");
	struct past_ask a = ask_of(0);
	struct out o = { 0 };
	uint16_t code;

	(void)state;
	assert_int_equal(run(p, q, &a, &o), ROWS_FAILED);
	assert_non_null(strstr(past_rows_error(p, &code), "no history.db"));
	assert_int_equal(code, EX_TEMPFAIL);
	/* by its id the queue is asked, which knows none */
	a = ask_of(nitems(cases) - 1);
	assert_int_equal(run(p, q, &a, &o), ROWS_OVER);
	assert_int_equal(o.messages, 0);
	past_rows_free(p);
	rows_free(q);
}

int
main(void)
{
	static const char *const names[] = { "queue.db", "queue.db-wal",
		"queue.db-shm", "history.db", "history.db-wal",
		"history.db-shm" };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_no_history),
	};
	int failed;

	if (mkdtemp(folder) == NULL || chdir(folder) == -1)
		return 1;
	sqlite3_close(schema_open());
	fill();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < nitems(names); i++)
		(void)unlink(names[i]);
	(void)rmdir(folder);
	return failed;
}
