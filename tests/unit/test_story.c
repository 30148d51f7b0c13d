/* SPDX-License-Identifier: ISC */
/* tests/unit/test_story.c - the life of a message as people and programs read
 * it; spans of time.
 */
#include "tools/story.h"

#include "tests/unit/check.h"
#include "tools/span.h"

#include <stdio.h>
#include <string.h>

enum { START = 86400000 };

static void
fill(struct story *s)
{
	struct msg_past_message m = { .id = 1 << 25,
		.size = 2048,
		.received = START,
		.uid = UINT32_MAX,
		.client_family = 4,
		.client = { 192, 0, 2, 1 },
		.sender = "s@x.example",
		.helo = "c.example",
		.message_id = "<m@x>",
		.login = "ann" };
	struct msg_past_rcpt r = { .id = 1 << 25,
		.address = "r@d.example",
		.original = "o@d.example" };
	struct msg_past_event e = { .id = 1 << 25,
		.at = START + 300000,
		.kind = PAST_DELIVERED,
		.count = 1,
		.uid = UINT32_MAX,
		.family = 4,
		.bytes = { 198, 51, 100, 7 },
		.host = "mx.example",
		.address = "r@d.example",
		.text = "250 2.0.0 \033[31mtaken" };
	struct msg_row_rcpt q = { .state = GROUP_WAITING,
		.attempts = 2,
		.next_try = START + 900000,
		.address = "q@d.example",
		.error = "451 busy" };

	story_message(s, &m);
	story_rcpt(s, &r);
	story_event(s, &e);
	/* told later, happened before */
	e.kind = PAST_DEFERRED;
	e.at = START + 1000;
	e.count = 3;
	snprintf(e.text, sizeof(e.text), "451 4.3.0 later");
	story_event(s, &e);
	story_queued(s, &q);
	story_end(s);
}

static const char as_table[] =
    "message 100000, 10m ago\n"
    "  sender      s@x.example\n"
    "  recipient   r@d.example (sent to o@d.example)\n"
    "  message-id  <m@x>\n"
    "  login       ann\n"
    "  1970-01-02T00:00:00Z    +0s  accepted   from 192.0.2.1 (c.example), 2 "
    "KiB\n"
    "  1970-01-02T00:00:01Z    +1s  deferred   r@d.example and 2 more by "
    "mx.example [198.51.100.7]: 451 4.3.0 later\n"
    "  1970-01-02T00:05:00Z    +5m  delivered  r@d.example by mx.example "
    "[198.51.100.7]: 250 2.0.0 \\x1b[31mtaken\n"
    "  1970-01-02T00:10:00Z   +10m  waiting    q@d.example, next try in 5m: "
    "451 busy\n";

static void
test_table(void **state)
{
	struct story s = { .now = START + 600000 };
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	s.out = &out;
	fill(&s);
	assert_string_equal(buf_string(&out), as_table);
	buf_clear(&out);
	s.width = 80;
	s.told = 0;
	fill(&s);
	for (const char *line = buf_string(&out); *line != '\0';
	     line = strchr(line, '\n') + 1)
		assert_true(strchr(line, '\n') - line <= 80);
	buf_free(&out);
}

static const char *const in_json[] = {
	"{\"id\":\"100000\",\"received\":\"1970-01-02T00:00:00Z\",\"size\":"
	"2048,",
	"\"recipients\":[{\"address\":\"r@d.example\",\"original\":"
	"\"o@d.example\"}]",
	"\"events\":[{\"at\":\"1970-01-02T00:00:01Z\",\"what\":\"deferred\","
	"\"recipient\":\"r@d.example\",\"recipients\":3,",
	"\"text\":\"250 2.0.0 \\u001b[31mtaken\"",
	"\"queued\":[{\"address\":\"q@d.example\",\"state\":\"waiting\","
	"\"next_try\":\"1970-01-02T00:15:00Z\",\"attempts\":2,\"error\":"
	"\"451 busy\"}]}\n",
};

static void
test_json(void **state)
{
	struct story s = { .now = START + 600000, .json = true };
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	s.out = &out;
	fill(&s);
	for (size_t i = 0; i < nitems(in_json); i++)
		if (strstr(buf_string(&out), in_json[i]) == NULL)
			fail_msg("no %s in %s", in_json[i], buf_string(&out));
	buf_free(&out);
}

static const struct {
	const char *text;
	int64_t ms; /* -1: not one */
} spans[] = {
	{ "0", 0 },
	{ "90", 90000 },
	{ "90s", 90000 },
	{ "15m", 900000 },
	{ "2H", 7200000 },
	{ "3d", 259200000 },
	{ "1w", 604800000 },
	{ "36500d", 3153600000000 },
	{ "36501d", -1 },
	{ "99999999999999999999", -1 },
	{ "", -1 },
	{ "h", -1 },
	{ "2 h", -1 },
	{ "-1h", -1 },
	{ "+1h", -1 },
	{ "1y", -1 },
};

static void
test_spans(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(spans); i++) {
		int64_t ms = -1;
		bool fine = span_parse(view_of(spans[i].text), &ms);

		check_int(spans[i].text, fine, spans[i].ms != -1);
		check_int(spans[i].text, fine ? ms : -1, spans[i].ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
