/* SPDX-License-Identifier: ISC */
/* tests/unit/test_conf_words.c - tokens, numbers with units, near misses. */
#include "common/conf/lex.h"
#include "common/conf/nearest.h"
#include "common/conf/number.h"

#include "tests/unit/check.h"

#include <stdio.h>

/* One letter a token: word, string, { }, line end ;, bad !. */
static const struct {
	const char *text, *kinds;
} tokens[] = {
	{ "", "" },
	{ "a b\tc", "www" },
	{ "a\nb", "w;w" },
	{ "a\r\nb\r", "w;w" },
	{ "a\rb", "w!w" },
	{ "# all of it { \" \n}", ";}" },
	{ "a#b", "w" },
	{ "a{b}c", "w{w}w" },
	{ "\"a b#{\"c", "sw" },
	{ "\"\"", "s" },
	{ "\"a\\\"b\"", "s" },
	{ "\"a\\\\\"", "s" },
	{ "\"a\\\"", "!" },
	{ "\"a", "!" },
	{ "\"\xc3\xa4\" \xc3\xa4", "sw" },
	{ "\xc3", "!" },
	{ "\x7f", "!" },
};

static const char letters[] = {
	[TOKEN_WORD] = 'w',
	[TOKEN_STRING] = 's',
	[TOKEN_OPEN] = '{',
	[TOKEN_CLOSE] = '}',
	[TOKEN_LINE] = ';',
	[TOKEN_BAD] = '!',
};

static void
test_tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(tokens); i++) {
		char kinds[32];
		struct lexer l;
		struct token t;
		size_t n = 0;

		lex_init(&l, view_of(tokens[i].text));
		while ((t = lex_next(&l)).kind != TOKEN_END &&
		       n < sizeof(kinds) - 1)
			kinds[n++] = letters[t.kind];
		kinds[n] = '\0';
		check_str(tokens[i].text, kinds, tokens[i].kinds);
	}
}

static void
test_token_lines_and_copies(void **state)
{
	char out[8];
	struct lexer l;
	struct token t;

	(void)state;
	lex_init(&l, view_of("\n\n \"a\\\"\\\\b\"\nlonger-than-it"));
	assert_int_equal(lex_next(&l).line, 1);
	assert_int_equal(lex_next(&l).line, 2);
	t = lex_next(&l);
	assert_int_equal(t.line, 3);
	assert_true(token_copy(&t, out, sizeof(out)));
	assert_string_equal(out, "a\"\\b");
	assert_int_equal(lex_next(&l).kind, TOKEN_LINE);
	t = lex_next(&l);
	assert_int_equal(t.line, 4);
	assert_false(token_copy(&t, out, sizeof(out)));
}

static const struct {
	const char *text;
	uint64_t number;
	const char *printed; /* NULL: refused */
} sizes[] = {
	{ "0", 0, "0" },
	{ "1", 1, "1" },
	{ "1023", 1023, "1023" },
	{ "1024", 1024, "1k" },
	{ "1k", 1024, "1k" },
	{ "1536k", 1572864, "1536k" },
	{ "50M", 52428800, "50M" },
	{ "2G", 2147483648, "2G" },
	{ "17179869183G", 0xffffffffc0000000ULL, "17179869183G" },
	{ "17179869184G", 0, NULL },
	{ "18446744073709551616", 0, NULL },
	{ "", 0, NULL },
	{ "k", 0, NULL },
	{ "1K", 0, NULL },
	{ "1kk", 0, NULL },
	{ "1.5M", 0, NULL },
	{ "-1", 0, NULL },
	{ "1 k", 0, NULL },
}, times[] = {
	{ "0s", 0, "0s" },
	{ "90s", 90, "90s" },
	{ "60s", 60, "1m" },
	{ "5m", 300, "5m" },
	{ "36h", 129600, "36h" },
	{ "48h", 172800, "2d" },
	{ "5d", 432000, "5d" },
	{ "5", 0, NULL },
	{ "s", 0, NULL },
	{ "1h30m", 0, NULL },
	{ "999999999999999999d", 0, NULL },
};

static void
test_numbers(void **state)
{
	char text[NUMBER_TEXT];
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < nitems(sizes); i++) {
		bool fine = number_parse_size(view_of(sizes[i].text), &n);

		check_int(sizes[i].text, fine, sizes[i].printed != NULL);
		if (!fine)
			continue;
		check_int(sizes[i].text, n, sizes[i].number);
		check_str(sizes[i].text, number_print_size(n, text),
		    sizes[i].printed);
	}
	for (size_t i = 0; i < nitems(times); i++) {
		bool fine = number_parse_time(view_of(times[i].text), &n);

		check_int(times[i].text, fine, times[i].printed != NULL);
		if (!fine)
			continue;
		check_int(times[i].text, n, times[i].number);
		check_str(times[i].text, number_print_time(n, text),
		    times[i].printed);
	}
}

static const struct {
	const char *wanted, *best;
} misses[] = {
	{ "listne", "listen" },
	{ "lissten", "listen" },
	{ "LISTEN", "listen" },
	{ "lst", "" },
	{ "rout", "route" },
	{ "routes", "route" },
	{ "rejcet", "reject" },
	{ "smtp", "" },
	{ "", "" },
	{ "listenlistenlistenlistenlistenlisten", "" },
};

static void
test_nearest(void **state)
{
	static const char *const known[] = { "listen", "route", "reject" };

	(void)state;
	for (size_t i = 0; i < nitems(misses); i++) {
		struct nearest n;
		char best[16];

		nearest_init(&n, view_of(misses[i].wanted));
		for (size_t k = 0; k < nitems(known); k++)
			nearest_try(&n, view_of(known[k]));
		assert_true(view_copy(n.best, best, sizeof(best)));
		check_str(misses[i].wanted, best, misses[i].best);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_token_lines_and_copies),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
