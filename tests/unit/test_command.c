/* SPDX-License-Identifier: ISC */
/* tests/unit/test_command.c - what was meant by a mistyped command. */
#include "tools/command.h"

#include "tests/unit/check.h"

static const struct {
	const char *a, *b;
	size_t steps;
} cases[] = {
	{ "queue", "queue", 0 },
	{ "qeue", "queue", 1 },
	{ "queu", "queue", 1 },
	{ "quueue", "queue", 1 },
	{ "qieue", "queue", 1 },
	{ "", "show", 4 },
	{ "remove", "release", 4 },
	{ "anything at all", "", 15 },
};

static void
test_distance(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		check_int(cases[i].a, command_distance(cases[i].a, cases[i].b),
		    cases[i].steps);
		check_int(cases[i].b, command_distance(cases[i].b, cases[i].a),
		    cases[i].steps);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
