/* SPDX-License-Identifier: ISC */
/* tests/unit/test_header.c - what is seen in a header, however it is cut. */
#include "common/mail/header.h"

#include "tests/unit/check.h"

static const struct {
	const char *in;
	size_t received, date, from, message_id;
	const char *id;
	size_t lines, bytes;
	bool done;
} cases[] = {
	{ "", 0, 0, 0, 0, "", 0, 0, false },
	{ "\r\nReceived: x\r\n", 0, 0, 0, 0, "", 0, 0, true },
	{ "Received: x\r\n", 1, 0, 0, 0, "", 1, 13, false },
	{ "Received: x\r\nRECEIVED: y\r\nreceived:\r\n\r\nReceived: no\r\n", 3,
	    0, 0, 0, "", 3, 37, true },
	{ "Received: x\r\n by y\r\n\tReceived: z\r\n\r\n", 1, 0, 0, 0, "", 3,
	    34, true },
	{ "Received : x\r\nReceived                      : y\r\n\r\n", 2, 0, 0,
	    0, "", 2, 49, true },
	{ "X-Received: x\r\nReceived-SPF: y\r\nReceive: z\r\n\r\n", 0, 0, 0, 0,
	    "", 3, 44, true },
	{ "Date: 1\r\nFrom: a@b\r\nMessage-ID: <c@d>\r\n\r\n", 0, 1, 1, 1,
	    "<c@d>", 3, 39, true },
	{ "Subject: Date: From: Received: x\r\nResent-From: a\r\n\r\n", 0, 0, 0,
	    0, "", 2, 50, true },
	{ "From: a\r\nFrom: b\r\n\r\n", 0, 0, 2, 0, "", 2, 18, true },
	{ "Message-Id: <1@x>\r\nMESSAGE-ID: <2@x>\r\n\r\n", 0, 0, 0, 2, "<1@x>",
	    2, 38, true },
	{ "Message-ID:\r\n <1@x>\r\n\r\n", 0, 0, 0, 1, "<1@x>", 2, 21, true },
	{ "Message-ID:<1@x>  \r\n \r\nDate: x\r\n\r\n", 0, 1, 0, 1, "<1@x>", 3,
	    32, true },
	{ "Message-ID: <1\x01@x>\r\n\r\n", 0, 0, 0, 1, "", 1, 20, true },
	{ "Message-ID: <\xc3\xa4@x>\r\n\r\n", 0, 0, 0, 1, "", 1, 20, true },
	{ "Message-ID:\r\n\r\n", 0, 0, 0, 1, "", 1, 13, true },
	/* the header ends without an empty line */
	{ "Date: x\r\nHello there.\r\nReceived: x\r\n", 0, 1, 0, 0, "", 1, 9,
	    true },
	{ "Hello there: text\r\nDate: x\r\n", 0, 0, 0, 0, "", 0, 0, true },
	{ "A very long beginning of text: x\r\nDate: x\r\n", 0, 0, 0, 0, "", 0,
	    0, true },
	{ ": no name\r\nDate: x\r\n", 0, 0, 0, 0, "", 0, 0, true },
	{ " folded first\r\nDate: x\r\n", 0, 0, 0, 0, "", 0, 0, true },
	{ "D\xc3\xa4te: x\r\nDate: x\r\n", 0, 0, 0, 0, "", 0, 0, true },
	/* of mailbox files */
	{ "From a@b Mon Jan  1 00:00:00 2024\r\nDate: x\r\n\r\n", 0, 1, 0, 0,
	    "", 2, 44, true },
	{ "Date: x\r\nFrom a@b Mon Jan  1 00:00:00 2024\r\nFrom: x\r\n", 0, 1,
	    0, 0, "", 1, 9, true },
};

static void
check_row(size_t row, size_t first, size_t second)
{
	struct view in = view_of(cases[row].in);
	struct header_scan h;

	header_scan_begin(&h);
	header_scan_feed(&h, view_make(in.data, first));
	header_scan_feed(&h, view_make(in.data + first, second - first));
	header_scan_feed(&h, view_skip(in, second));
	check_int(in.data, h.done, cases[row].done);
	header_scan_end(&h);
	check_int(in.data, h.nreceived, cases[row].received);
	check_int(in.data, h.ndate, cases[row].date);
	check_int(in.data, h.nfrom, cases[row].from);
	check_int(in.data, h.nmessage_id, cases[row].message_id);
	check_str(in.data, h.message_id, cases[row].id);
	check_int(in.data, h.lines, cases[row].lines);
	check_int(in.data, h.bytes, cases[row].bytes);
}

static void
test_every_cut(void **state)
{
	(void)state;
	for (size_t row = 0; row < nitems(cases); row++) {
		size_t len = strlen(cases[row].in);

		for (size_t i = 0; i <= len; i++)
			for (size_t j = i; j <= len; j++)
				check_row(row, i, j);
	}
}

static void
test_message_id_length(void **state)
{
	struct header_scan h;
	char id[MESSAGE_ID_MAX + 2];

	(void)state;
	memset(id, 'x', sizeof(id));
	for (size_t len = MESSAGE_ID_MAX - 1; len < sizeof(id); len++) {
		header_scan_begin(&h);
		header_scan_feed(&h, view_of("Message-ID: "));
		header_scan_feed(&h, view_make(id, len));
		header_scan_feed(&h, view_of(" \r\n\r\n"));
		check_int("length", strlen(h.message_id),
		    len <= MESSAGE_ID_MAX ? len : 0);
	}
}

static void
feed_lines(struct header_scan *h, const char *line, size_t n)
{
	header_scan_begin(h);
	for (size_t i = 0; i < n; i++)
		header_scan_feed(h, view_of(line));
}

static void
test_limits(void **state)
{
	char line[1025];
	struct header_scan h;

	(void)state;
	feed_lines(&h, "a:\r\n", HEADER_LINES_MAX);
	assert_false(h.too_many_lines);
	feed_lines(&h, "a:\r\n", HEADER_LINES_MAX + 1);
	assert_true(h.too_many_lines);
	memset(line, 'x', sizeof(line));
	memcpy(line, "a:", 2);
	memcpy(line + 1022, "\r\n", 3);
	feed_lines(&h, line, 1024);
	check_int("bytes", h.bytes, HEADER_BYTES_MAX);
	assert_false(h.too_big);
	header_scan_feed(&h, view_of("a:"));
	assert_true(h.too_big);
	/* what follows the header is no concern */
	feed_lines(&h, "\r\n", 1);
	for (int i = 0; i < 5000; i++)
		header_scan_feed(
		    &h, view_of("a: xxxxxxxxxxxxxxxxxxxxxxxxx\r\n"));
	assert_false(h.too_big || h.too_many_lines);
}

static void
test_8bit(void **state)
{
	struct header_scan h;

	(void)state;
	feed_lines(&h, "a: b\r\n c\r\n", 2);
	assert_false(h.has_8bit);
	header_scan_feed(&h, view_of("\r\n\xc3\xbc\r\n"));
	assert_false(h.has_8bit); /* of the text, not of the header */
	feed_lines(&h, "a: b\r\n \xc3\xbc\r\n", 1);
	assert_true(h.has_8bit);
}

static void
test_endless_name(void **state)
{
	struct header_scan h;

	(void)state;
	feed_lines(&h, "x", 998);
	assert_false(h.done);
	feed_lines(&h, "x", 999);
	assert_true(h.done);
	check_int("bytes", h.bytes, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_message_id_length),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_8bit),
		cmocka_unit_test(test_endless_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
