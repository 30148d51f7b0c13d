/* SPDX-License-Identifier: ISC */
/* tests/unit/test_filter_words.c - filters of postern queue, right and wrong.
 */
#include "tools/filter_words.h"

#include "tests/unit/check.h"

#include <string.h>

enum { NOW = 100000000 };

static const struct {
	const char *name, *value;
	enum filter_word result;
} cases[] = {
	{ "--sender", "a@b", FILTER_TAKEN },
	{ "--sender", "@b", FILTER_TAKEN },
	{ "--sender", "<>", FILTER_TAKEN },
	{ "--sender", "", FILTER_TAKEN },
	{ "--sender", "b", FILTER_WRONG },
	{ "--recipient", "a@b", FILTER_TAKEN },
	{ "--recipient", "b", FILTER_WRONG },
	{ "--recipient", NULL, FILTER_WRONG },
	{ "--domain", "b.example", FILTER_TAKEN },
	{ "--domain", "a@b", FILTER_WRONG },
	{ "--domain", "", FILTER_WRONG },
	{ "--age", "2h", FILTER_TAKEN },
	{ "--age", "+2h", FILTER_TAKEN },
	{ "--age", "-90s", FILTER_TAKEN },
	{ "--age", "++2h", FILTER_WRONG },
	{ "--age", "old", FILTER_WRONG },
	{ "--age", "36500d", FILTER_WRONG },
	{ "--state", "held", FILTER_TAKEN },
	{ "--state", "stuck", FILTER_WRONG },
	{ "--error", "refused", FILTER_TAKEN },
	{ "--error", "", FILTER_WRONG },
	{ "--json", NULL, FILTER_UNKNOWN },
	{ "-sender", "a@b", FILTER_UNKNOWN },
};

static void
test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct msg_ask_queue m = { 0 };
		const char *why = NULL;

		check_int(cases[i].name,
		    filter_read(&m, cases[i].name, cases[i].value, NOW, &why),
		    cases[i].result);
		if (cases[i].result == FILTER_WRONG)
			assert_non_null(strstr(why, cases[i].name));
	}
}

static void
test_values(void **state)
{
	struct msg_ask_queue m = { 0 };
	const char *why;

	(void)state;
	(void)filter_read(&m, "--age", "+1h", NOW, &why);
	(void)filter_read(&m, "--age", "-2h", NOW, &why);
	(void)filter_read(&m, "--state", "held", NOW, &why);
	(void)filter_read(&m, "--sender", "", NOW, &why);
	assert_int_equal(m.older, NOW - 3600000);
	assert_int_equal(m.younger, NOW - 7200000);
	assert_int_equal(m.state, GROUP_HELD);
	assert_string_equal(m.sender, "<>");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
