/* SPDX-License-Identifier: ISC */
/* tests/unit/test_utf8.c - well-formed UTF-8 and its look-alikes. */
#include "common/base/utf8.h"

#include "tests/unit/check.h"

static const struct {
	const char *text;
	bool valid;
} cases[] = {
	{ "", true },
	{ "plain", true },
	{ "\xc3\xa4", true },
	{ "\xe2\x82\xac", true },
	{ "\xf0\x9f\x93\xa7", true },
	{ "\xed\x9f\xbf", true },
	{ "\xf4\x8f\xbf\xbf", true },
	{ "a\x80", false },        /* continuation alone */
	{ "\xc3", false },         /* cut short */
	{ "\xe2\x82", false },     /* cut short */
	{ "\xf0\x9f\x93", false }, /* cut short */
	{ "\xc3"
	  "a",
	    false }, /* wrong second byte */
	{ "\xe2\x82"
	  "a",
	    false },                   /* wrong third byte */
	{ "\xc0\xaf", false },         /* "/" written too long */
	{ "\xe0\x80\xaf", false },     /* the same in three */
	{ "\xf0\x80\x80\xaf", false }, /* the same in four */
	{ "\xed\xa0\x80", false },     /* surrogate */
	{ "\xf4\x90\x80\x80", false }, /* beyond U+10FFFF */
	{ "\xf8\x88\x80\x80\x80", false },
	{ "\xff", false },
};

static void
test_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		check_int(cases[i].text, utf8_valid(view_of(cases[i].text)),
		    cases[i].valid);
}

static void
test_length(void **state)
{
	(void)state;
	check_int("empty", utf8_length(view_of("")), 0);
	check_int("one", utf8_length(view_of("ab")), 1);
	check_int("NUL", utf8_length(view_make("\0", 1)), 1);
	check_int("three",
	    utf8_length(view_of("\xe2\x82\xac"
				"x")),
	    3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
