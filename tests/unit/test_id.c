/* SPDX-License-Identifier: ISC */
/* tests/unit/test_id.c - message ids survive printing and reading. */
#include "common/base/id.h"

#include "tests/unit/check.h"

static const struct {
	uint64_t id;
	const char *text;
} cases[] = {
	{ 1, "1" },
	{ 31, "z" },
	{ 32, "10" },
	{ 0x0123456789abcdefULL, "28t5cy4tqkff" },
	{ UINT64_MAX, "fzzzzzzzzzzzz" },
};

static void
test_print_and_parse(void **state)
{
	char text[ID_TEXT];
	uint64_t id;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		check_str("print", id_print(cases[i].id, text), cases[i].text);
		check_int(text, id_parse(view_of(text), &id), true);
		assert_int_equal(id, cases[i].id);
	}
}

static void
test_parse_is_forgiving_of_people(void **state)
{
	uint64_t id;

	(void)state;
	assert_true(id_parse(view_of("1O"), &id));
	assert_int_equal(id, 32);
	assert_true(id_parse(view_of("il"), &id));
	assert_int_equal(id, 33);
}

static void
test_parse_refuses(void **state)
{
	static const char *const bad[] = { "", "0", "u", "1-", "a b",
		"gzzzzzzzzzzzz", "00000000000001", "1\n" };
	uint64_t id;

	(void)state;
	for (size_t i = 0; i < nitems(bad); i++)
		check_int(bad[i], id_parse(view_of(bad[i]), &id), false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print_and_parse),
		cmocka_unit_test(test_parse_is_forgiving_of_people),
		cmocka_unit_test(test_parse_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
