/* SPDX-License-Identifier: ISC */
/* tests/unit/test_ladder.c - tests of common/base/ladder.c */
#include "common/base/ladder.h"

#include "tests/unit/check.h"

static const uint64_t steps[LADDER_TOP] = { 800, 950, 0 };

static void
test_level(void **state)
{
	static const struct {
		uint64_t number;
		unsigned int level;
	} cases[] = { { 0, 0 }, { 800, 0 }, { 801, 1 }, { 950, 1 }, { 951, 2 },
		{ 5000, 2 }, { UINT64_MAX, 2 } };
	static const uint64_t gap[LADDER_TOP] = { 10, 0, 20 };

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		assert_int_equal(
		    ladder_level(cases[i].number, steps), cases[i].level);
	assert_int_equal(ladder_level(20, gap), 1);
	assert_int_equal(ladder_level(21, gap), 3);
}

static unsigned int
note(struct ladder_gauge *g, uint64_t number, int64_t now_ms)
{
	ladder_note(g, ladder_level(number, steps),
	    ladder_level(number + 20, steps), now_ms);
	return g->level;
}

/* Up at once, down with two points of slack or after the time. */
static void
test_slack(void **state)
{
	struct ladder_gauge g = { .cause = "sessions" };

	(void)state;
	assert_int_equal(note(&g, 800, 1000), 0);
	assert_int_equal(note(&g, 801, 1001), 1);
	assert_int_equal(note(&g, 790, 1002), 1);
	assert_int_equal(note(&g, 960, 1003), 2);
	assert_int_equal(note(&g, 940, 1004), 2);
	assert_int_equal(note(&g, 930, 1005), 1);
	assert_int_equal(note(&g, 781, 1006), 1);
	assert_int_equal(note(&g, 780, 1007), 0);
	/* from the top to where the slack leaves it */
	assert_int_equal(note(&g, 960, 2000), 2);
	assert_int_equal(note(&g, 785, 2001), 1);
}

static void
test_time(void **state)
{
	struct ladder_gauge g = { .cause = "sessions" };

	(void)state;
	assert_int_equal(note(&g, 801, 1000), 1);
	assert_int_equal(note(&g, 799, 1000 + LADDER_HOLD_MS - 1), 1);
	/* once more at the step: it begins anew */
	assert_int_equal(note(&g, 801, 1000 + LADDER_HOLD_MS), 1);
	assert_int_equal(note(&g, 799, 1000 + 2 * LADDER_HOLD_MS - 1), 1);
	assert_int_equal(note(&g, 799, 1000 + 2 * LADDER_HOLD_MS), 0);
	/* time alone */
	ladder_note(&g, 2, 2, 0);
	ladder_note(&g, 0, LADDER_TOP, LADDER_HOLD_MS - 1);
	assert_int_equal(g.level, 2);
	ladder_note(&g, 0, LADDER_TOP, LADDER_HOLD_MS);
	assert_int_equal(g.level, 0);
}

static void
test_worst(void **state)
{
	struct ladder_gauge g[3] = { { .cause = "a", .level = 1 },
		{ .cause = "b", .level = 2 }, { .cause = "c", .level = 2 } };

	(void)state;
	assert_string_equal(ladder_worst(g, 3)->cause, "b");
	assert_string_equal(ladder_worst(g, 1)->cause, "a");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_slack),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_worst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
