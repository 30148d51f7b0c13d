/* SPDX-License-Identifier: ISC */
/* tests/unit/test_fold.c - words into lines, and no word makes a line. */
#include "common/mail/fold.h"

#include "tests/unit/check.h"

#define W10 "123456789 "
#define W70 W10 W10 W10 W10 W10 W10 W10

static const struct {
	const char *first, *indent, *text, *want;
} cases[] = {
	{ "Name:", "\t", "a b", "Name: a b\r\n" },
	{ "Name:", "\t", "", "Name:\r\n" },
	{ "Name:", "\t", "  a   b  ", "Name: a b\r\n" },
	{ "    ", "    ", "a b", "    a b\r\n" },
	{ "", "", "a b", "a b\r\n" },
	{ "N:", " ", W70 "1234", "N: " W70 "1234\r\n" },
	{ "N:", " ", W70 "12345",
	    "N: 123456789 123456789 123456789 123456789 123456789 123456789"
	    " 123456789\r\n 12345\r\n" },
	{ "N:", " ", "a\r\nb\x01\xff c", "N: a??b?? c\r\n" },
};

static void
test_fold(void **state)
{
	struct buf out;
	struct fold f;

	(void)state;
	buf_init(&out, 500);
	for (size_t i = 0; i < nitems(cases); i++) {
		buf_clear(&out);
		fold_begin(&f, &out, cases[i].first, cases[i].indent);
		fold_text(&f, cases[i].text);
		fold_end(&f);
		check_str(cases[i].text, buf_string(&out), cases[i].want);
	}
	buf_free(&out);
}

static void
test_long_word_stays_whole(void **state)
{
	char word[200];
	struct buf out;
	struct fold f;

	(void)state;
	memset(word, 'w', sizeof(word));
	buf_init(&out, 500);
	fold_begin(&f, &out, "N:", "\t");
	fold_word(&f, view_of("a"));
	fold_word(&f, view_make(word, sizeof(word)));
	fold_word(&f, view_of("b"));
	fold_end(&f);
	check_int("length", out.len, strlen("N: a\r\n\t\r\n\tb\r\n") + 200);
	check_int("line", memcmp(out.data, "N: a\r\n\twww", 10), 0);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_long_word_stays_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
