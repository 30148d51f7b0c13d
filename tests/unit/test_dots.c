/* SPDX-License-Identifier: ISC */
/* tests/unit/test_dots.c - where the body ends, however it is cut up. */
#include "common/mail/dots.h"

#include "tests/unit/check.h"

enum { BARE_CR = 1, BARE_LF = 2, HAS_NUL = 4, HAS_8BIT = 8, OPEN = 16 };

#define TEXT(s) s, sizeof(s) - 1

static const struct {
	const char *in;
	size_t in_len;
	const char *out; /* of a message without violation */
	size_t out_len;
	int flags;
	size_t left; /* bytes behind the end */
	size_t longest;
} bodies[] = {
	{ TEXT(".\r\n"), TEXT(""), 0, 0, 0 },
	{ TEXT(".\r\nQUIT\r\n"), TEXT(""), 0, 6, 0 },
	{ TEXT("a\r\n.\r\n"), TEXT("a\r\n"), 0, 0, 1 },
	{ TEXT("\r\n.\r\n"), TEXT("\r\n"), 0, 0, 0 },
	{ TEXT("\r\n\r\n.\r\n"), TEXT("\r\n\r\n"), 0, 0, 0 },
	{ TEXT("a: b\r\n\r\n..\r\n...\r\n.a.\r\n.\r\nRSET\r\n.\r\n"),
	    TEXT("a: b\r\n\r\n.\r\n..\r\na.\r\n"), 0, 9, 4 },
	{ TEXT("abc\r\nde\r\n.\r\n"), TEXT("abc\r\nde\r\n"), 0, 0, 3 },
	{ TEXT("a\0b\r\n.\r\n"), TEXT("a\0b\r\n"), HAS_NUL, 0, 3 },
	{ TEXT("\xc3\xa4\r\n.\r\n"), TEXT("\xc3\xa4\r\n"), HAS_8BIT, 0, 2 },
	{ TEXT("a\r\n.\r\n\xc3\0"), TEXT("a\r\n"), 0, 2, 1 },
	{ TEXT("12345678\xff"
	       "1234567\r\n.\r\n"),
	    TEXT("12345678\xff"
		 "1234567\r\n"),
	    HAS_8BIT, 0, 16 },
	/* not over yet */
	{ TEXT(""), TEXT(""), OPEN, 0, 0 },
	{ TEXT("."), TEXT(""), OPEN, 0, 0 },
	{ TEXT(".\r"), TEXT(""), OPEN, 0, 0 },
	{ TEXT("a\r\n.\r"), TEXT("a\r\n"), OPEN, 0, 1 },
	{ TEXT("a.\r\n"), TEXT("a.\r\n"), OPEN, 0, 2 },
	{ TEXT("a\r\n. \r\n"), TEXT("a\r\n \r\n"), OPEN, 0, 1 },
	/* smuggling: none of these is an end */
	{ TEXT("a\n.\r\nb\r\n.\r\n"), TEXT(""), BARE_LF, 0, 3 },
	{ TEXT("a\n.\nb\r\n.\r\n"), TEXT(""), BARE_LF, 0, 5 },
	{ TEXT("a\r\n.\nb\r\n.\r\n"), TEXT(""), BARE_LF, 0, 2 },
	{ TEXT("a\r.\r\nb\r\n.\r\n"), TEXT(""), BARE_CR, 0, 3 },
	{ TEXT("a\r.\rb\r\n.\r\n"), TEXT(""), BARE_CR, 0, 5 },
	{ TEXT("a\r\n.\rb\r\n.\r\n"), TEXT(""), BARE_CR, 0, 2 },
	{ TEXT("a\r\n.\r\r\nb\r\n.\r\n"), TEXT(""), BARE_CR, 0, 1 },
	{ TEXT("a\r\r\n.\r\n"), TEXT(""), BARE_CR, 0, 2 },
	{ TEXT("a\n\r\n.\r\n"), TEXT(""), BARE_LF, 0, 2 },
	{ TEXT("\n.\r\nb\r\n.\r\n"), TEXT(""), BARE_LF, 0, 2 },
	{ TEXT(".\nb\r\n.\r\n"), TEXT(""), BARE_LF, 0, 2 },
	{ TEXT("a\r\0\n.\r\nb\r\n.\r\n"), TEXT(""), BARE_CR | BARE_LF | HAS_NUL,
	    0, 5 },
	{ TEXT("a\n.\r\n"), TEXT(""), BARE_LF | OPEN, 0, 3 },
	{ TEXT("a\r.\r\n"), TEXT(""), BARE_CR | OPEN, 0, 3 },
	{ TEXT("a\n\r.\r\n\n"), TEXT(""), BARE_LF | BARE_CR | OPEN, 0, 4 },
};

static int
flags_of(const struct body_in *b, enum body state)
{
	return (b->bare_cr ? BARE_CR : 0) | (b->bare_lf ? BARE_LF : 0) |
	       (b->has_nul ? HAS_NUL : 0) | (b->has_8bit ? HAS_8BIT : 0) |
	       (state == BODY_MORE ? OPEN : 0);
}

/* Feeds in, cut at up to two places; checks the row. */
static void
check_cut(size_t row, size_t first, size_t second)
{
	const size_t cuts[] = { first, second, bodies[row].in_len };
	size_t at = 0, used;
	enum body state = BODY_MORE;
	struct body_in b;
	struct buf out;

	buf_init(&out, bodies[row].in_len);
	body_in_begin(&b);
	for (size_t i = 0; i < nitems(cuts) && state == BODY_MORE; i++) {
		/* a copy of its own, for the sanitizer to see every step */
		size_t len = cuts[i] - at;
		char *piece = mem_alloc(len);

		memcpy(piece, bodies[row].in + at, len);
		state = body_in_feed(&b, view_make(piece, len), &out, &used);
		assert_true(used <= len && (state == BODY_END || used == len));
		at += used;
		mem_free(piece);
	}
	check_int(bodies[row].in, flags_of(&b, state), bodies[row].flags);
	check_int(bodies[row].in, bodies[row].in_len - at, bodies[row].left);
	check_int(bodies[row].in, b.longest, bodies[row].longest);
	if (!body_in_bad(&b)) {
		check_int(bodies[row].in, out.len, bodies[row].out_len);
		assert_memory_equal(
		    out.data == NULL ? "" : out.data, bodies[row].out, out.len);
	}
	assert_true(buf_ok(&out));
	buf_free(&out);
}

static void
test_every_cut(void **state)
{
	(void)state;
	for (size_t row = 0; row < nitems(bodies); row++)
		for (size_t i = 0; i <= bodies[row].in_len; i++)
			for (size_t j = i; j <= bodies[row].in_len; j++)
				check_cut(row, i, j);
}

static void
test_quiet_after_a_violation(void **state)
{
	static const char in[] = "good\r\nba\nd\r\nmore\r\n.\r\n";
	struct body_in b;
	struct buf out;
	size_t used;

	(void)state;
	buf_init(&out, 100);
	body_in_begin(&b);
	check_int(
	    "more", body_in_feed(&b, view_make(in, 6), &out, &used), BODY_MORE);
	check_int("so far", out.len, 6);
	check_int(
	    "end", body_in_feed(&b, view_of(in + 6), &out, &used), BODY_END);
	assert_true(b.quiet);
	check_int("no more", buf_view(&out).len, 6);
	buf_clear(&out);
	body_in_begin(&b);
	b.quiet = true;
	body_in_feed(&b, view_of("a\r\n..b\r\n.\r\n"), &out, &used);
	check_int("asked to be quiet", out.len, 0);
	assert_false(body_in_bad(&b));
	buf_free(&out);
}

static const struct {
	const char *in;
	size_t in_len;
	const char *out;
} stuffed[] = {
	{ TEXT(""), ".\r\n" },
	{ TEXT("a\r\n"), "a\r\n.\r\n" },
	{ TEXT("a"), "a\r\n.\r\n" },
	{ TEXT("\r\n"), "\r\n.\r\n" },
	{ TEXT("."), "..\r\n.\r\n" },
	{ TEXT(".\r\n"), "..\r\n.\r\n" },
	{ TEXT("a\r\n.\r\n..\r\n.b\r\nc.\r\n"),
	    "a\r\n..\r\n...\r\n..b\r\nc.\r\n.\r\n" },
	{ TEXT("a\r\n."), "a\r\n..\r\n.\r\n" },
	/* never to be stored, but never to be sent as an end either */
	{ TEXT("a\n.\nb"), "a\r\n..\r\nb\r\n.\r\n" },
	{ TEXT("a\r.\rb"), "a\r\n..\r\nb\r\n.\r\n" },
	{ TEXT("a\n.\r\nb\r\n"), "a\r\n..\r\nb\r\n.\r\n" },
	{ TEXT("a\r\n.\nb\r\n"), "a\r\n..\r\nb\r\n.\r\n" },
	{ TEXT("a\r\r\nb\r\n"), "a\r\n\r\nb\r\n.\r\n" },
	{ TEXT("a\n\rb\r\n"), "a\r\n\r\nb\r\n.\r\n" },
	{ TEXT("a\r"), "a\r\n.\r\n" },
	{ TEXT("\n"), "\r\n.\r\n" },
	{ TEXT("\n\n.\n"), "\r\n\r\n..\r\n.\r\n" },
};

static void
stuff(struct view in, size_t first, size_t second, struct buf *out)
{
	struct dots_out d;

	dots_out_begin(&d);
	dots_out_add(&d, view_make(in.data, first), out);
	dots_out_add(&d, view_make(in.data + first, second - first), out);
	dots_out_add(&d, view_skip(in, second), out);
	dots_out_end(&d, out);
}

static void
test_stuffing(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 200);
	for (size_t row = 0; row < nitems(stuffed); row++) {
		struct view in =
		    view_make(stuffed[row].in, stuffed[row].in_len);

		for (size_t i = 0; i <= in.len; i++)
			for (size_t j = i; j <= in.len; j++) {
				buf_clear(&out);
				stuff(in, i, j, &out);
				check_str(stuffed[row].in, buf_string(&out),
				    stuffed[row].out);
			}
	}
	buf_free(&out);
}

/*
 * Bytes that are all CR, LF, dots and letters, in every cut: what dots_out
 * writes, body_in reads to its very end as one message without violation.
 */
static void
check_round_trip(struct view body, size_t cut)
{
	struct buf wire, back;
	struct body_in b;
	size_t used;

	buf_init(&wire, 2 * body.len + 5);
	buf_init(&back, 2 * body.len + 5);
	stuff(body, cut, cut, &wire);
	assert_true(buf_ok(&wire));
	body_in_begin(&b);
	assert_int_equal(
	    body_in_feed(&b, buf_view(&wire), &back, &used), BODY_END);
	assert_int_equal(used, wire.len);
	assert_false(body_in_bad(&b));
	buf_free(&wire);
	buf_free(&back);
}

static void
test_round_trip(void **state)
{
	static const char alphabet[] = "\r\n.a";
	char body[6];

	(void)state;
	for (unsigned int n = 0; n < 1U << 12; n++) {
		for (unsigned int i = 0; i < sizeof(body); i++)
			body[i] = alphabet[n >> (2 * i) & 3];
		for (size_t cut = 0; cut <= sizeof(body); cut++)
			check_round_trip(view_make(body, sizeof(body)), cut);
	}
}

/* Pieces inside dots_out_add() have edges of their own. */
static void
test_large(void **state)
{
	enum { SIZE = 20000 };
	char *body = mem_alloc(SIZE);

	(void)state;
	for (size_t period = 1; period < 6; period++) {
		for (size_t i = 0; i < SIZE; i++)
			body[i] = "\r\n.\r\n."[i % period];
		check_round_trip(view_make(body, SIZE), 4095);
	}
	mem_free(body);
}

/* For who is allowed: mended, and still CRLF.CRLF alone is the end. */
static const struct {
	const char *in, *out;
	size_t left;
} mended[] = {
	{ "a\nb\r\n.\r\n", "a\r\nb\r\n", 0 },
	{ "a\rb\r\n.\r\n", "a b\r\n", 0 },
	{ "a\r\r\n.\r\n", "a \r\n", 0 },
	{ "a\n\r\n.\r\n", "a\r\n\r\n", 0 },
	{ "a\n.\r\nb\r\n.\r\n", "a\r\n\r\nb\r\n", 0 },
	{ "a\n.\nb\r\n.\r\n", "a\r\n\r\nb\r\n", 0 },
	{ "a\r\n.\nb\r\n.\r\nQ", "a\r\n\r\nb\r\n", 1 },
	{ "a\r\n.\rb\r\n.\r\n", "a\r\n b\r\n", 0 },
	{ "a\r\n.\r\r\nb\r\n.\r\n", "a\r\n \r\nb\r\n", 0 },
	{ "a\r.\r\nb\r\n.\r\n", "a .\r\nb\r\n", 0 },
	{ "a\n..b\r\n.\r\n", "a\r\n.b\r\n", 0 },
	{ "\n\r\n.\r\n", "\r\n\r\n", 0 },
};

static void
test_mended(void **state)
{
	struct body_in b;
	struct buf out;
	size_t used;

	(void)state;
	buf_init(&out, 100);
	for (size_t i = 0; i < nitems(mended); i++) {
		struct view in = view_of(mended[i].in);

		for (size_t cut = 0; cut + mended[i].left < in.len; cut++) {
			buf_clear(&out);
			body_in_begin(&b);
			b.mend = true;
			body_in_feed(&b, view_make(in.data, cut), &out, &used);
			check_int(mended[i].out,
			    body_in_feed(&b, view_skip(in, cut), &out, &used),
			    BODY_END);
			check_int("left", in.len - cut - used, mended[i].left);
			check_str(
			    mended[i].out, buf_string(&out), mended[i].out);
			check_int("no violation", body_in_bad(&b), false);
		}
	}
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_quiet_after_a_violation),
		cmocka_unit_test(test_mended),
		cmocka_unit_test(test_stuffing),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
