/* SPDX-License-Identifier: ISC */
/* tests/unit/test_xtext.c - no byte value gets through xtext as a control. */
#include "common/mail/xtext.h"

#include <stdio.h>

#include "tests/unit/check.h"

static const struct {
	const char *in;
	const char *out; /* NULL: refused */
} cases[] = {
	{ "", "" },
	{ "rfc822;bob@example.org", "rfc822;bob@example.org" },
	{ "a+2Bb+3Dc", "a+b=c" },
	{ "a+2bb+3dc", "a+b=c" },
	{ "+20", " " },
	{ "a b", NULL },
	{ "a=b", NULL },
	{ "a+", NULL },
	{ "a+2", NULL },
	{ "a+2G", NULL },
	{ "a++2B", NULL },
	{ "a+-1", NULL },
	{ "a+0D+0ARCPT", NULL },
	{ "a+00", NULL },
	{ "a+7F", NULL },
	{ "a+C3+A4", NULL },
	{ "\xc3\xa4", NULL },
	{ "a\r\n", NULL },
};

static void
test_decode(void **state)
{
	char out[64];

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		bool ok = xtext_decode(view_of(cases[i].in), out, sizeof(out));

		check_int(cases[i].in, ok, cases[i].out != NULL);
		check_str(cases[i].in, out, ok ? cases[i].out : "");
	}
}

static void
test_every_byte(void **state)
{
	char raw, text[8], back[8];

	(void)state;
	for (int c = 0; c < 256; c++) {
		bool printable = c >= 32 && c < 127;

		raw = (char)c;
		assert_true(xtext_encode(view_make(&raw, 1), text, 8));
		check_int(
		    text, xtext_decode(view_of(text), back, 8), printable);
		if (printable)
			check_int(text, back[0], raw);
		snprintf(text, sizeof(text), "+%02X", (unsigned int)c);
		check_int(
		    text, xtext_decode(view_of(text), back, 8), printable);
	}
}

static void
test_room(void **state)
{
	char out[4];

	(void)state;
	assert_true(xtext_decode(view_of("abc"), out, sizeof(out)));
	assert_false(xtext_decode(view_of("abcd"), out, sizeof(out)));
	check_str("decode", out, "");
	assert_true(xtext_decode(view_of("a+2B+2B"), out, sizeof(out)));
	assert_true(xtext_encode(view_of("+"), out, sizeof(out)));
	check_str("encode", out, "+2B");
	assert_true(xtext_encode(view_of("abc"), out, sizeof(out)));
	assert_false(xtext_encode(view_of("abcd"), out, sizeof(out)));
	assert_false(xtext_encode(view_of("a+"), out, sizeof(out)));
	check_str("encode", out, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
