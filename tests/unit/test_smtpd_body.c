/* SPDX-License-Identifier: ISC */
/* tests/unit/test_smtpd_body.c - the sink: limits, pieces, verdicts. */
#include "tests/unit/check.h"

#include "smtpd/body.h"

static const struct body_limits limits = { .size = 100, .hops = 2 };

/* Runs in through a sink, as a driver would; what is stored goes to *stored. */
static const struct smtp_reply *
sink(const struct body_limits *l, struct view in, size_t step,
    struct buf *stored)
{
	struct body_sink b;
	const struct smtp_reply *verdict = NULL;
	bool over = false;

	body_begin(&b, l);
	while (!over && in.len > 0) {
		struct view piece =
		    view_make(in.data, in.len < step ? in.len : step);
		size_t before = piece.len;
		enum body_step got = body_feed(&b, &piece);

		in = view_skip(in, before - piece.len);
		over = got == BODY_OVER;
		if (got != BODY_HUNGRY) {
			buf_add(stored, buf_view(&b.out));
			body_written(&b);
		}
	}
	if (over)
		verdict = body_verdict(&b);
	check_int("the end was seen", over, true);
	check_int("all was taken", in.len, 0);
	body_free(&b);
	return verdict;
}

static const struct {
	const char *label, *in;
	const struct smtp_reply *want; /* NULL: fine */
} cases[] = {
	{ "nothing", ".\r\n", NULL },
	{ "a line", "a\r\n.\r\n", NULL },
	{ "hops", "Received: a\r\nReceived: b\r\n.\r\n", NULL },
	{ "loop", "Received: a\r\nReceived: b\r\nReceived: c\r\n.\r\n",
	    &reply_loop },
	{ "below the header",
	    "\r\nReceived: a\r\nReceived: b\r\nReceived: c\r\n.\r\n", NULL },
	{ "bare LF", "a\nb\r\n.\r\n", &reply_bare },
	{ "bare CR", "a\rb\r\n.\r\n", &reply_bare },
	{ "LF dot CRLF", "a\n.\r\n\r\n.\r\n", &reply_bare },
	{ "just fits",
	    "123456789012345678901234567890123456789012345678\r\n"
	    "123456789012345678901234567890123456789012345678\r\n.\r\n",
	    NULL },
	{ "a byte too many",
	    "123456789012345678901234567890123456789012345678\r\n"
	    "1234567890123456789012345678901234567890123456789\r\n.\r\n",
	    &reply_too_big },
	{ "a dot stuffed does not count",
	    "123456789012345678901234567890123456789012345678\r\n"
	    "..23456789012345678901234567890123456789012345678\r\n.\r\n",
	    NULL },
};

static void
test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct view in = view_of(cases[i].in);

		for (size_t step = 1; step <= in.len; step++) {
			struct buf stored;

			buf_init(&stored, 4096);
			if (sink(&limits, in, step, &stored) != cases[i].want)
				fail_msg("%s, in steps of %zu", cases[i].label,
				    step);
			buf_free(&stored);
		}
	}
}

static void
test_nul(void **state)
{
	struct buf stored;

	(void)state;
	buf_init(&stored, 4096);
	assert_ptr_equal(
	    sink(&limits, view_make("a\0b\r\n.\r\n", 8), 1, &stored),
	    &reply_nul);
	buf_free(&stored);
}

/* Large ones come out whole, in pieces, and memory stays what it was. */
static void
test_large(void **state)
{
	const struct body_limits l = { .size = 10000000, .hops = 100 };
	struct buf in, stored;

	(void)state;
	buf_init(&in, 10000000);
	buf_init(&stored, 10000000);
	buf_add_string(&in, "Subject: x\r\n\r\n");
	for (int i = 0; i < 50000; i++)
		buf_printf(&in, "line %d of many\r\n", i);
	buf_add_string(&in, ".\r\n");
	assert_null(sink(&l, buf_view(&in), 65536, &stored));
	check_int("bytes", stored.len, in.len - 3);
	check_int("same", memcmp(stored.data, in.data, stored.len), 0);
	buf_free(&in);
	buf_free(&stored);
}

/* A submitted header larger than a piece, however it is cut. */
static void
test_completed_pieces(void **state)
{
	const struct complete_facts facts = {
		.hostname = "mx.test", .id = 1, .wall_ms = 1
	};
	const struct body_limits l = {
		.size = 1000000, .hops = 2, .chunked = true
	};
	struct body_sink b;
	struct buf in;
	size_t stored = 0;

	(void)state;
	buf_init(&in, 1000000);
	for (int i = 0; i < 1000; i++)
		buf_printf(&in, "X-%060d: v\r\nBcc: %d\r\n", i, i);
	body_begin(&b, &l);
	body_complete(&b, &facts);
	for (struct view v = buf_view(&in); body_feed(&b, &v) == BODY_FULL;) {
		stored += b.out.len;
		body_written(&b);
	}
	body_end(&b);
	check_int("fine", body_verdict(&b) == NULL, true);
	check_int("whole", buf_ok(&b.out), true);
	stored += b.out.len;
	check_int("without a Bcc, with two more",
	    stored > 1000 * 67 && stored < 1000 * 67 + 200, true);
	body_free(&b);
	buf_free(&in);
}

/* Once it cannot be stored nothing comes out, and that is the answer. */
static void
test_fail(void **state)
{
	struct body_sink b;
	struct view in = view_of("more\r\n.\r\n"), start = view_of("a\r\n");

	(void)state;
	body_begin(&b, &limits);
	check_int("start", body_feed(&b, &start), BODY_HUNGRY);
	body_fail(&b, &reply_space);
	check_int("dropped", b.out.len, 0);
	check_int("end", body_feed(&b, &in), BODY_OVER);
	check_int("quiet", b.out.len, 0);
	assert_ptr_equal(body_verdict(&b), &reply_space);
	body_free(&b);
}

/* What the sender must mend is said even when the disk is full, too. */
static void
test_fail_and_bad(void **state)
{
	struct body_sink b;
	struct view in = view_of("a\nb\r\n.\r\n");

	(void)state;
	body_begin(&b, &limits);
	body_fail(&b, &reply_space);
	check_int("end", body_feed(&b, &in), BODY_OVER);
	assert_ptr_equal(body_verdict(&b), &reply_bare);
	body_free(&b);
}

/* RFC 3030: the same sink without dots; what is wrong is known at once. */
static void
test_chunks(void **state)
{
	const struct body_limits l = {
		.size = 100, .hops = 2, .chunked = true
	};
	struct body_sink b;
	struct view v = view_of("a\r\n.\r\n\r");

	(void)state;
	body_begin(&b, &l);
	check_int("no end", body_feed(&b, &v), BODY_HUNGRY);
	check_int("fine so far", body_trouble(&b) == NULL, true);
	v = view_of("\nlast");
	check_int("more", body_feed(&b, &v), BODY_HUNGRY);
	body_end(&b);
	check_int("fine", body_verdict(&b) == NULL, true);
	check_str("out", buf_string(&b.out), "a\r\n.\r\n\r\nlast\r\n");
	check_int("size", b.size, b.out.len);
	body_free(&b);
	body_begin(&b, &l);
	v = view_of("a\nb");
	body_feed(&b, &v);
	check_int("bare", body_trouble(&b) == &reply_bare, true);
	check_int("nothing is stored", b.out.len, 0);
	body_free(&b);
}

/* Mended bytes are more than came: nothing is lost at the edge of a piece. */
static void
test_mended_pieces(void **state)
{
	const struct body_limits l = {
		.size = 1000000, .hops = 2, .chunked = true, .mend = true
	};
	struct body_sink b;
	size_t stored = 0;

	(void)state;
	body_begin(&b, &l);
	for (size_t i = 0; i < 100000; i++) {
		struct view v = view_of("\n");

		while (body_feed(&b, &v) == BODY_FULL) {
			stored += b.out.len;
			body_written(&b);
		}
	}
	body_end(&b);
	check_int("fits", buf_ok(&b.out), true);
	check_int("all", stored + b.out.len, 200000);
	check_int("fine", body_verdict(&b) == NULL, true);
	body_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_mended_pieces),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_completed_pieces),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_fail_and_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
