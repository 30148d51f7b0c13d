/* SPDX-License-Identifier: ISC */
/* tests/unit/test_listing.c - the queue as a table and as JSON. */
#include "tools/listing.h"

#include "tests/unit/check.h"

#include <stdio.h>

static const int64_t now = 1700000000000;

static struct msg_row
row(uint64_t id, const char *sender)
{
	struct msg_row m = { .id = id,
		.size = 2048,
		.received = 1699999880000,
		.uid = UINT32_MAX,
		.client_family = 4,
		.client = { 192, 0, 2, 7 } };

	strlcpy(m.sender, sender, sizeof(m.sender));
	strlcpy(m.helo, "client.example", sizeof(m.helo));
	strlcpy(m.message_id, "<1@x>", sizeof(m.message_id));
	return m;
}

static struct msg_row_rcpt
rcpt(enum group_state state, int64_t next, const char *address,
    const char *error)
{
	struct msg_row_rcpt m = {
		.state = (uint8_t)state, .next_try = next, .attempts = 2
	};

	strlcpy(m.address, address, sizeof(m.address));
	strlcpy(m.error, error, sizeof(m.error));
	strlcpy(m.destination, "mx d.example port 25", sizeof(m.destination));
	return m;
}

static struct listing
listing(struct buf *b, enum listing_form form, size_t width)
{
	struct listing l = { .form = form, .out = b, .width = width };

	l.now = now;
	buf_init(b, 10000);
	return l;
}

static const struct {
	enum group_state a, b;
	int64_t a_next, b_next; /* seconds from now */
	const char *next;
} states[] = {
	{ GROUP_FRESH, GROUP_FRESH, 0, 0, "now" },
	{ GROUP_UNEXPANDED, GROUP_UNEXPANDED, 0, 0, "now" },
	{ GROUP_WAITING, GROUP_WAITING, 300, 120, "2m" },
	{ GROUP_WAITING, GROUP_HELD, 300, 0, "5m" },
	{ GROUP_WAITING, GROUP_FRESH, 300, 0, "now" },
	{ GROUP_WAITING, GROUP_WAITING, -5, 120, "due" },
	{ GROUP_HELD, GROUP_HELD, 0, 0, "held" },
};

static void
test_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(states); i++) {
		struct buf b;
		struct listing l = listing(&b, LISTING_TABLE, 0);
		struct msg_row m = row(1 << 25, "a@b");
		struct msg_row_rcpt r[2] = {
			rcpt(states[i].a, now + states[i].a_next * 1000, "x@y",
			    ""),
			rcpt(states[i].b, now + states[i].b_next * 1000, "x@z",
			    ""),
		};
		char want[200];

		listing_row(&l, &m);
		listing_rcpt(&l, &r[0]);
		listing_rcpt(&l, &r[1]);
		listing_end(&l);
		snprintf(want, sizeof(want),
		    "ID        AGE  SIZE  NEXT  %-30s RECIPIENTS\n"
		    "100000     2m  2.0K %5s  %-30s x@y +1 more\n"
		    "1 message, 2 KiB\n",
		    "SENDER", states[i].next, "a@b");
		check_str(states[i].next, buf_string(&b), want);
		buf_free(&b);
	}
}

static void
test_width(void **state)
{
	struct buf b;
	struct listing l = listing(&b, LISTING_TABLE, 60);
	struct msg_row m = row(1 << 25, "a.long.name@sender.example");
	struct msg_row_rcpt r =
	    rcpt(GROUP_HELD, 0, "another.long.name@recipient.example",
		"\033[2Jan error that is longer than the terminal is wide, so");

	(void)state;
	listing_row(&l, &m);
	listing_rcpt(&l, &r);
	listing_rcpt(&l, &r);
	listing_end(&l);
	check_str("60 columns", buf_string(&b),
	    "ID        AGE  SIZE  NEXT  SENDER           RECIPIENTS\n"
	    "100000     2m  2.0K  held  a.long.name@se.. anothe.. +1 more\n"
	    "    \\x1b[2Jan error that is longer than the terminal is wi..\n"
	    "1 message, 2 KiB\n");
	buf_free(&b);
}

static void
test_empty(void **state)
{
	struct buf b;
	struct listing l = listing(&b, LISTING_TABLE, 80);

	(void)state;
	listing_end(&l);
	check_str("empty", buf_string(&b), "The queue is empty.\n");
	buf_free(&b);
	l = listing(&b, LISTING_JSON, 80);
	listing_end(&l);
	check_str("empty", buf_string(&b), "");
	buf_free(&b);
}

static void
test_json(void **state)
{
	struct buf b;
	struct listing l = listing(&b, LISTING_JSON, 0);
	struct msg_row m = row(1 << 25, "");
	struct msg_row_rcpt r = rcpt(GROUP_WAITING, now, "x@y", "say \"no\"");

	(void)state;
	listing_row(&l, &m);
	listing_rcpt(&l, &r);
	strlcpy(r.original, "root@y", sizeof(r.original));
	r.state = GROUP_HELD;
	listing_rcpt(&l, &r);
	m = row(1 << 26, "a@b");
	m.uid = 1000;
	m.client_family = 0;
	listing_row(&l, &m);
	listing_end(&l);
	check_str("json", buf_string(&b),
	    "{\"id\":\"100000\",\"received\":\"2023-11-14T22:11:20Z\","
	    "\"size\":2048,\"sender\":\"\",\"client\":\"192.0.2.7\","
	    "\"helo\":\"client.example\",\"message_id\":\"<1@x>\","
	    "\"login\":\"\",\"uid\":null,\"recipients\":["
	    "{\"address\":\"x@y\",\"state\":\"waiting\","
	    "\"next_try\":\"2023-11-14T22:13:20Z\",\"attempts\":2,"
	    "\"error\":\"say \\\"no\\\"\","
	    "\"destination\":\"mx d.example port 25\"},"
	    "{\"address\":\"x@y\",\"original\":\"root@y\","
	    "\"state\":\"held\",\"next_try\":null,\"attempts\":2,"
	    "\"error\":\"say \\\"no\\\"\","
	    "\"destination\":\"mx d.example port 25\"}]}\n"
	    "{\"id\":\"200000\",\"received\":\"2023-11-14T22:11:20Z\","
	    "\"size\":2048,\"sender\":\"a@b\",\"client\":\"\","
	    "\"helo\":\"client.example\",\"message_id\":\"<1@x>\","
	    "\"login\":\"\",\"uid\":1000,\"recipients\":[]}\n");
	buf_free(&b);
}

static void
test_unknown_values(void **state)
{
	struct buf b;
	struct listing l = listing(&b, LISTING_FULL, 0);
	struct msg_row m = row(1 << 25, "a@b");
	struct msg_row_rcpt r = rcpt(GROUP_HELD, 0, "x@y", "");

	(void)state;
	r.state = 200; /* from a report that is not ours */
	m.client_family = 9;
	listing_row(&l, &m);
	listing_rcpt(&l, &r);
	listing_end(&l);
	assert_non_null(strstr(buf_string(&b), "state       unknown"));
	assert_null(strstr(buf_string(&b), "client  "));
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_unknown_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
