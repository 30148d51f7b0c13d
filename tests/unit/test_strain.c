/* SPDX-License-Identifier: ISC */
/* tests/unit/test_strain.c - tests of queue/strain.c */
#include "queue/strain.h"

#include "tests/unit/check.h"

#define MIB 1048576ULL
#define GIB (1024 * MIB)

static const struct strain_limits limits = { 512 * MIB, 2000 };
static const struct spool_room plenty = { 900 * GIB, 9000000, 1000 * GIB,
	10000000 };

/* What a disk of that size with so much free is, and why. */
static void
test_room(void **state)
{
	static const struct {
		struct spool_room room;
		unsigned int level;
		const char *cause; /* of a level */
	} cases[] = {
		{ { UINT64_MAX, UINT64_MAX, 0, 0 }, 0, "" },
		/* 15, 8 percent of a small disk, and the bytes themselves */
		{ { 3 * GIB + 512 * MIB, 900000, 20 * GIB, 1000000 }, 0, "" },
		{ { 2900 * MIB, 900000, 20 * GIB, 1000000 }, 1, "space" },
		{ { 1600 * MIB, 900000, 20 * GIB, 1000000 }, 2, "space" },
		{ { 512 * MIB, 900000, 20 * GIB, 1000000 }, 2, "space" },
		{ { 511 * MIB, 900000, 20 * GIB, 1000000 }, 3, "space" },
		/* of a large one, little must be little in bytes too */
		{ { 100 * GIB, 900000, 1000 * GIB, 1000000 }, 0, "" },
		{ { 7 * GIB, 900000, 1000 * GIB, 1000000 }, 1, "space" },
		{ { 1 * GIB, 900000, 1000 * GIB, 1000000 }, 2, "space" },
		/* on a tiny one the limit comes first */
		{ { 500 * MIB, 900000, 1 * GIB, 1000000 }, 3, "space" },
		/* inodes; a file system without a table of them has none */
		{ { 900 * GIB, 149000, 1000 * GIB, 1000000 }, 1, "inodes" },
		{ { 900 * GIB, 39000, 1000 * GIB, 1000000 }, 2, "inodes" },
		{ { 900 * GIB, 9999, 1000 * GIB, 1000000 }, 3, "inodes" },
		{ { 900 * GIB, UINT64_MAX, 1000 * GIB, 0 }, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		const struct ladder_gauge *g;
		struct strain s;

		strain_init(&s);
		g = strain_judge(&s, &limits, &cases[i].room, 0, 1);
		check_int("level", (int)g->level, (int)cases[i].level);
		if (g->level > 0)
			check_str("cause", g->cause, cases[i].cause);
	}
}

static unsigned int
judge(struct strain *s, int64_t behind_ms, int64_t now_ms)
{
	return strain_judge(s, &limits, &plenty, behind_ms, now_ms)->level;
}

static void
test_no_limits(void **state)
{
	static const struct strain_limits none = { 0, 0 };
	static const struct spool_room full = { 0, 900000, 1000 * GIB,
		1000000 };
	struct strain s;

	(void)state;
	strain_init(&s);
	for (int i = 0; i < 100; i++)
		strain_stored(&s, 100000, 1);
	assert_int_equal(strain_judge(&s, &none, &full, 100000, 1)->level, 0);
}

/* At the top no longer than the batch takes; then short patience. */
static void
test_backlog(void **state)
{
	struct strain s;

	(void)state;
	strain_init(&s);
	assert_int_equal(judge(&s, 1000, 1000), 0);
	assert_int_equal(judge(&s, 1001, 1001), 1);
	assert_int_equal(judge(&s, 2001, 2001), 3);
	assert_string_equal(
	    strain_judge(&s, &limits, &plenty, 2002, 2002)->cause, "backlog");
	assert_int_equal(judge(&s, 0, 2100), 1);
	assert_int_equal(judge(&s, 0, 2099 + LADDER_HOLD_MS), 1);
	assert_int_equal(judge(&s, 0, 2100 + LADDER_HOLD_MS), 0);
}

static unsigned int
after_commits(int fast, int slow, int64_t slow_ms)
{
	struct strain s;

	strain_init(&s);
	(void)judge(&s, 0, 500);
	for (int i = 0; i < fast; i++)
		strain_stored(&s, 10, 1000);
	for (int i = 0; i < slow; i++)
		strain_stored(&s, slow_ms, 1000);
	return judge(&s, 0, 1000);
}

/* The 95th percentile, of enough of them. */
static void
test_latency(void **state)
{
	(void)state;
	assert_int_equal(after_commits(95, 5, 501), 0);
	assert_int_equal(after_commits(94, 6, 500), 0);
	assert_int_equal(after_commits(94, 6, 501), 1);
	assert_int_equal(after_commits(94, 6, 2000), 1);
	assert_int_equal(after_commits(94, 6, 2001), 2);
	assert_int_equal(after_commits(0, STRAIN_COMMITS_MIN - 1, 9000), 0);
	assert_int_equal(after_commits(0, STRAIN_COMMITS_MIN, 9000), 2);
}

static void
test_latency_is_forgotten(void **state)
{
	struct strain s;
	int64_t now = 5 * STRAIN_SPAN_MS;

	(void)state;
	strain_init(&s);
	(void)judge(&s, 0, now);
	for (int i = 0; i < 100; i++)
		strain_stored(&s, 600, now);
	assert_int_equal(judge(&s, 0, now), 1);
	/* the span before counts as well */
	now += STRAIN_SPAN_MS;
	assert_int_equal(judge(&s, 0, now), 1);
	/* then nothing is known, and time brings it down */
	now += STRAIN_SPAN_MS;
	assert_int_equal(judge(&s, 0, now), 1);
	now += 2 * STRAIN_SPAN_MS;
	assert_int_equal(judge(&s, 0, now), 0);
}

/* Twice as long after each failure, up to a limit; a success ends that. */
static void
test_failures(void **state)
{
	struct strain s;
	int64_t now = 1000, rest = STRAIN_REST_MS;

	(void)state;
	strain_init(&s);
	for (int i = 0; i < 10; i++) {
		strain_failed(&s, now);
		strain_failed(&s, now); /* of the same batch */
		assert_string_equal(
		    strain_judge(&s, &limits, &plenty, 0, now)->cause, "disk");
		assert_int_equal(judge(&s, 0, now + rest - 1), 3);
		assert_int_equal(judge(&s, 0, now + rest), 0);
		now += rest;
		rest = rest * 2 < STRAIN_REST_MAX_MS ? rest * 2
						     : STRAIN_REST_MAX_MS;
	}
	strain_stored(&s, 1, now);
	strain_failed(&s, now);
	assert_int_equal(judge(&s, 0, now + STRAIN_REST_MS), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_no_limits),
		cmocka_unit_test(test_backlog),
		cmocka_unit_test(test_latency),
		cmocka_unit_test(test_latency_is_forgotten),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
