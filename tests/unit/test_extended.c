/* SPDX-License-Identifier: ISC */
/* tests/unit/test_extended.c - what extended errors make of a SERVFAIL. */
#include "resolve/extended.h"

#include "tests/unit/check.h"

#define OPTION(bytes) bytes, sizeof(bytes) - 1

static const struct {
	const char *options;
	size_t len;
	const char *told;
	bool bogus;
} cases[] = {
	{ OPTION(""), "why, bogus (DNSSEC)", false },
	/* RFC 8914 4.7: code 6, without text */
	{ OPTION("\0\17\0\2\0\6"), "why, bogus (DNSSEC): DNSSEC bogus", true },
	{ OPTION("\0\17\0\5\0\7old"),
	    "why, bogus (DNSSEC): signature expired, old", true },
	{ OPTION("\0\17\0\5\0\14abc"), "why, bogus (DNSSEC): NSEC missing, abc",
	    true },
	/* not about validation: 0, 5, 13, 22 and what is not known yet */
	{ OPTION("\0\17\0\2\0\0"), "why, bogus (DNSSEC)", false },
	{ OPTION("\0\17\0\2\0\5"), "why, bogus (DNSSEC)", false },
	{ OPTION("\0\17\0\3\0\15x"), "why, bogus (DNSSEC): x", false },
	{ OPTION("\0\17\0\3\0\26x"), "why, bogus (DNSSEC): x", false },
	{ OPTION("\0\17\0\3\377\377x"), "why, bogus (DNSSEC): x", false },
	/* behind other options, and of several the one that counts */
	{ OPTION("\0\12\0\3abc\0\17\0\3\0\6y"),
	    "why, bogus (DNSSEC): DNSSEC bogus, y", true },
	{ OPTION("\0\17\0\3\0\26x\0\17\0\3\0\11y\0\17\0\3\0\6z"),
	    "why, bogus (DNSSEC): DNSKEY missing, y", true },
	/* a stranger's text */
	{ OPTION("\0\17\0\10\0\6a\n\33\377\"b"),
	    "why, bogus (DNSSEC): DNSSEC bogus, a???\"b", true },
	{ OPTION("\0\17\0\6\0\6a\0bc"), "why, bogus (DNSSEC): DNSSEC bogus, a",
	    true },
	/* cut, or too long */
	{ OPTION("\0\17\0"), "why, bogus (DNSSEC)", false },
	{ OPTION("\0\17\0\1\0"), "why, bogus (DNSSEC)", false },
	{ OPTION("\0\17\0\11\0\6abc"), "why, bogus (DNSSEC)", false },
	{ OPTION("\0\17\0\3\0\6y\0\17\377\377\0\7"),
	    "why, bogus (DNSSEC): DNSSEC bogus, y", true },
};

static void
test_cases(void **state)
{
	struct extended e;
	char told[512];

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		/* of exact size, so that a sanitizer sees a byte too far */
		char *copy = mem_alloc(cases[i].len);

		memcpy(copy, cases[i].options, cases[i].len);
		extended_read(view_make(copy, cases[i].len), &e);
		mem_free(copy);
		extended_tell_bogus(&e, "why", told, sizeof(told));
		check_str(cases[i].told, told, cases[i].told);
		check_int(cases[i].told, extended_is_bogus(&e), cases[i].bogus);
	}
}

static void
test_long(void **state)
{
	char options[1000] = "\0\17\3\344\0\6", told[512];
	struct extended e;

	(void)state;
	memset(options + 6, 'x', sizeof(options) - 6);
	extended_read(view_make(options, sizeof(options)), &e);
	check_int("its text", strlen(e.text), EXTENDED_TEXT);
	extended_tell_bogus(&e, "why", told, 20);
	check_str("cut", told, "why, bogus (DNSSEC)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
