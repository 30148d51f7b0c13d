/* SPDX-License-Identifier: ISC */
/* tests/unit/test_complete.c - what is added to a submitted header, and what
 * is taken out of it, however it is cut. */
#include "tests/unit/check.h"

#include "smtpd/complete.h"

#include <stdlib.h>
#include <string.h>

#define DATE "Date: Thu, 01 Jan 1970 00:00:01 +0000\r\n"
#define FROM "From: <a@b.example>\r\n"
#define MSID "Message-ID: <10.3e8@mx.test>\r\n"
#define ALL  DATE FROM MSID

static const struct {
	const char *label, *in, *want;
} cases[] = {
	{ "nothing at all", "", ALL },
	{ "no header", "\r\nText\r\n", ALL "\r\nText\r\n" },
	{ "no header, no empty line", "Text of mine\r\nmore\r\n",
	    ALL "\r\nText of mine\r\nmore\r\n" },
	{ "only a header", "Subject: x\r\n", "Subject: x\r\n" ALL },
	{ "only an empty line", "\r\n", ALL "\r\n" },
	{ "all is there",
	    "Date: x\r\nFrom: y\r\nMessage-ID: <z@z>\r\n\r\nDate\r\n",
	    "Date: x\r\nFrom: y\r\nMessage-ID: <z@z>\r\n\r\nDate\r\n" },
	{ "names in any case, blanks before the colon",
	    "dAtE : x\r\nFROM\t: y\r\nmessage-id: <z@z>\r\n\r\n",
	    "dAtE : x\r\nFROM\t: y\r\nmessage-id: <z@z>\r\n\r\n" },
	{ "in the text they do not count", "Subject: x\r\n\r\nDate: y\r\n",
	    "Subject: x\r\n" ALL "\r\nDate: y\r\n" },
	{ "Bcc goes, with its folds",
	    "Bcc: one@x.example,\r\n two@x.example\r\n\tthree\r\nTo: y\r\n\r\n",
	    "To: y\r\n" ALL "\r\n" },
	{ "Bcc of a resender goes, and case and blanks hide none",
	    "To: y\r\nresent-bcc \t: one\r\nBCC:\r\nbcc :two\r\n\r\nBcc: z\r\n",
	    "To: y\r\n" ALL "\r\nBcc: z\r\n" },
	{ "what only begins like it stays",
	    "Bccx: 1\r\nBc: 2\r\nX-Bcc: 3\r\nResent-Bcc-Of: 4\r\n\r\n",
	    "Bccx: 1\r\nBc: 2\r\nX-Bcc: 3\r\nResent-Bcc-Of: 4\r\n" ALL "\r\n" },
	{ "Bcc last, nothing behind it", "To: y\r\nBcc: z\r\n",
	    "To: y\r\n" ALL },
	{ "Bcc last, then text without an empty line",
	    "To: y\r\nBcc: z\r\nno field\r\nBcc: w\r\n",
	    "To: y\r\n" ALL "\r\nno field\r\nBcc: w\r\n" },
	{ "a fold of a field that stays", "Bcc: z\r\nTo: y,\r\n Bcc: w\r\n\r\n",
	    "To: y,\r\n Bcc: w\r\n" ALL "\r\n" },
};

static void
run(struct view in, size_t step, const struct complete_facts *facts,
    struct buf *out)
{
	struct header_scan scan;
	struct complete c;

	header_scan_begin(&scan);
	complete_begin(&c, &scan, facts);
	while (in.len > 0) {
		size_t n = in.len < step ? in.len : step;

		complete_feed(&c, view_make(in.data, n), out);
		in = view_skip(in, n);
	}
	complete_end(&c, out);
}

static struct complete_facts
facts_of(struct mailbox *sender)
{
	assert_true(mailbox_parse(view_of("a@b.example"), sender, false));
	return (struct complete_facts){ .hostname = "mx.test",
		.sender = sender,
		.id = 32,
		.wall_ms = 1000 };
}

static void
test_cases(void **state)
{
	struct mailbox sender;
	const struct complete_facts facts = facts_of(&sender);

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct view in = view_of(cases[i].in);

		for (size_t step = 1; step <= in.len + 1; step++) {
			struct buf out;

			buf_init(&out, in.len + COMPLETE_ADDS);
			run(in, step, &facts, &out);
			check_str(
			    cases[i].label, buf_string(&out), cases[i].want);
			buf_free(&out);
		}
	}
}

/* A bounce has no sender that From could name. */
static void
test_null_sender(void **state)
{
	struct mailbox sender;
	struct complete_facts facts = facts_of(&sender);
	struct buf out;

	(void)state;
	facts.sender = NULL;
	buf_init(&out, COMPLETE_ADDS);
	run(view_of("\r\n"), 1, &facts, &out);
	check_str("no From", buf_string(&out), DATE MSID "\r\n");
	buf_free(&out);
}

/* What was made is what the log and the history call it. */
static void
test_message_id(void **state)
{
	struct mailbox sender;
	const struct complete_facts facts = facts_of(&sender);
	struct header_scan scan;
	struct complete c;
	struct buf out;

	(void)state;
	buf_init(&out, COMPLETE_ADDS);
	header_scan_begin(&scan);
	complete_begin(&c, &scan, &facts);
	complete_end(&c, &out);
	check_str("scan", scan.message_id, "<10.3e8@mx.test>");
	buf_free(&out);
}

/* The longest start of a line that may still be a field, and one more. */
static void
test_long_names(void **state)
{
	struct mailbox sender;
	const struct complete_facts facts = facts_of(&sender);

	(void)state;
	for (size_t len = HEADER_FIELD_MAX - 2; len < HEADER_FIELD_MAX + 3;
	     len++) {
		struct buf in, out;

		buf_init(&in, 2000);
		buf_init(&out, 2000 + COMPLETE_ADDS);
		for (size_t i = 0; i < len; i++)
			buf_add_string(&in, "n");
		buf_add_string(&in, ": v\r\n\r\n");
		run(buf_view(&in), 100, &facts, &out);
		check_int("a field keeps its place", out.data[0] == 'n',
		    len <= HEADER_FIELD_MAX);
		check_int("all of it is there", out.len >= in.len + strlen(ALL),
		    true);
		buf_free(&in);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_null_sender),
		cmocka_unit_test(test_message_id),
		cmocka_unit_test(test_long_names),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
