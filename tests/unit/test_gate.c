/* SPDX-License-Identifier: ISC */
/* tests/unit/test_gate.c - windows of hosts, rates, and what is remembered. */
#include "queue/gate.h"

#include "tests/unit/check.h"

#include <stdio.h>

enum { NOW = 1000000, MAX = 5, SECOND_US = 1000000 };

static struct gates s;

static int
set_up(void **state)
{
	(void)state;
	gates_init(&s, MAX);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	gates_clear(&s);
	return 0;
}

static void
test_one_of_a_name(void **state)
{
	struct gate *g, *same;

	(void)state;
	assert_null(gate_find(&s, "mx.example"));
	g = gate_host(&s, "mx.example");
	same = gate_find(&s, "mx.example");
	assert_ptr_equal(g, same);
	assert_ptr_not_equal(g, gate_host(&s, "other.example"));
	gate_release(&s, g);
	assert_ptr_equal(gate_find(&s, "mx.example"), g);
	gate_release(&s, g);
	gate_release(&s, same);
	assert_null(gate_find(&s, "mx.example"));
	gate_release(&s, gate_find(&s, "other.example"));
	gate_release(&s, NULL);
}

static void
test_window(void **state)
{
	static const struct {
		const char *label;
		bool answered;
		unsigned int want;
	} rows[] = {
		{ "one more", true, 3 },
		{ "and more", true, 4 },
		{ "half", false, 2 },
		{ "a quarter", false, 1 },
		{ "never none", false, 1 },
		{ "two again", true, 2 },
		{ "three", true, 3 },
		{ "four", true, 4 },
		{ "five", true, MAX },
		{ "never more", true, MAX },
		{ "half of five", false, 2 },
	};
	struct gate *g = gate_host(&s, "mx.example");

	(void)state;
	check_int("first", g->window, GATE_WINDOW_START);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].answered)
			gate_succeeded(&s, g);
		else
			gate_failed(g);
		check_int(rows[i].label, g->window, rows[i].want);
	}
	g->nopen = 1;
	assert_false(gate_full(g));
	g->nopen = 2;
	assert_true(gate_full(g));
	/* it was halved under those that are under way */
	g->nopen = 5;
	assert_true(gate_full(g));
	g->nopen = 0;
	gate_release(&s, g);
}

static void
test_window_begins_within_the_limit(void **state)
{
	struct gate *g;

	(void)state;
	s.window_max = 1;
	g = gate_host(&s, "mx.example");
	check_int("one", g->window, 1);
	gate_succeeded(&s, g);
	check_int("still", g->window, 1);
	gate_release(&s, g);
}

/* A name that only the configuration limits has no window. */
static void
test_limit_is_no_host(void **state)
{
	struct gate *g;

	(void)state;
	gate_limit(&s, "slow.example", SECOND_US, NOW);
	g = gate_find(&s, "slow.example");
	g->nopen = 100;
	assert_false(gate_full(g));
	g->nopen = 0;
	gate_release(&s, g);
	/* the configuration's reference stays */
	g = gate_host(&s, "slow.example");
	check_int("a host now", g->window, GATE_WINDOW_START);
	check_int("with its rate", g->pace, SECOND_US);
	gate_release(&s, g);
}

static void
test_pace(void **state)
{
	struct gate *g;

	(void)state;
	gate_limit(&s, "slow.example", SECOND_US, NOW);
	g = gate_find(&s, "slow.example");
	/* a restart is no way around it */
	assert_true(gate_early(g, NOW));
	assert_true(gate_early(g, NOW + 999));
	assert_false(gate_early(g, NOW + 1000));
	/* what was not used is not saved up */
	gate_spend(g, NOW + 5000);
	assert_true(gate_early(g, NOW + 5999));
	assert_false(gate_early(g, NOW + 6000));
	gate_release(&s, g);
}

/* Less than a ms apart: more than one in a ms would be too many. */
static void
test_pace_is_finer_than_the_clock(void **state)
{
	struct gate *g;
	int n = 0;

	(void)state;
	gate_limit(&s, "fast.example", 1500, NOW); /* 40,000 a minute */
	g = gate_find(&s, "fast.example");
	for (int64_t now = NOW; now < NOW + 1000; now++)
		for (; n < 1000 && !gate_early(g, now); n++)
			gate_spend(g, now);
	assert_in_range(n, 400, 667);
	gate_release(&s, g);
}

static void
test_stricter_limit_holds(void **state)
{
	struct gate *g;

	(void)state;
	gate_limit(&s, "slow.example", 3 * SECOND_US, NOW);
	gate_limit(&s, "slow.example", SECOND_US, NOW);
	g = gate_find(&s, "slow.example");
	assert_true(gate_early(g, NOW + 2999));
	assert_false(gate_early(g, NOW + 3000));
	gate_release(&s, g);
}

static void
test_no_limit_is_never_early(void **state)
{
	struct gate *g = gate_host(&s, "mx.example");

	(void)state;
	gate_spend(g, NOW);
	assert_false(gate_early(g, NOW));
	gate_refund(g, NOW, NOW);
	assert_false(gate_early(g, NOW));
	gate_release(&s, g);
}

static void
test_refund(void **state)
{
	struct gate *g;

	(void)state;
	gate_limit(&s, "slow.example", SECOND_US, NOW - 1000);
	g = gate_find(&s, "slow.example");
	gate_spend(g, NOW);
	gate_refund(g, NOW - 1, NOW + 1);
	assert_true(gate_early(g, NOW + 1)); /* it was not that one */
	gate_refund(g, NOW, NOW + 1);
	assert_false(gate_early(g, NOW + 1));
	/* another one went meanwhile: that one counts */
	gate_spend(g, NOW + 1);
	gate_refund(g, NOW, NOW + 2);
	assert_true(gate_early(g, NOW + 2));
	/* one that is late gives nothing back */
	gate_refund(g, NOW + 1, NOW + 5000);
	check_int("as it was", g->next, (int64_t)(NOW + 1001) * 1000);
	gate_release(&s, g);
}

static void
test_clock_set_back(void **state)
{
	struct gate *g;

	(void)state;
	gate_limit(&s, "slow.example", SECOND_US, NOW);
	g = gate_find(&s, "slow.example");
	gate_spend(g, (int64_t)NOW * 1000);
	assert_true(gate_early(g, NOW));
	assert_true(gate_early(g, NOW + 999));
	assert_false(gate_early(g, NOW + 1000));
	gate_release(&s, g);
}

static void
test_remembered(void **state)
{
	struct gate *g = gate_host(&s, "mx.example");
	int64_t at = 0;

	(void)state;
	gate_succeeded(&s, g);
	gate_remember(&s, 7, g, NOW);
	gate_remember(&s, 7 + GATE_BUCKETS, g, NOW + 1);
	gate_release(&s, g);
	assert_null(gate_recall(&s, 8, &at));
	g = gate_recall(&s, 7, &at);
	check_str("the host", g->name, "mx.example");
	check_int("its window", g->window, 3);
	check_int("since", at, NOW);
	assert_null(gate_recall(&s, 7, &at)); /* told once */
	gate_release(&s, g);
	g = gate_recall(&s, 7 + GATE_BUCKETS, &at);
	check_int("the other", at, NOW + 1);
	gate_release(&s, g);
	assert_null(gate_find(&s, "mx.example"));
}

static void
test_remembered_once(void **state)
{
	struct gate *a = gate_host(&s, "a.example");
	struct gate *b = gate_host(&s, "b.example");
	int64_t at = 0;

	(void)state;
	gate_remember(&s, 7, a, NOW);
	gate_remember(&s, 7, b, NOW + 1);
	check_int("one", s.nremembered, 1);
	gate_release(&s, a);
	assert_null(gate_find(&s, "a.example"));
	assert_ptr_equal(gate_recall(&s, 7, &at), b);
	gate_release(&s, b);
	gate_release(&s, b);
}

static void
test_forgotten(void **state)
{
	struct gate *g = gate_host(&s, "mx.example");
	int64_t at = 0, late = NOW + GATE_MEMORY_MS + GATE_REMEMBERED + 9;

	(void)state;
	for (uint64_t i = 0; i < GATE_REMEMBERED + 10; i++)
		gate_remember(&s, i, g, NOW + (int64_t)i);
	check_int("bounded", s.nremembered, GATE_REMEMBERED);
	assert_null(gate_recall(&s, 9, &at)); /* the oldest have gone */
	assert_non_null(gate_recall(&s, 10, &at));
	gate_release(&s, g);
	/* an hour later hardly any is left */
	gate_remember(&s, 3, g, late);
	check_int("old ones go", s.nremembered, 2);
	gate_release(&s, g);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_one_of_a_name),
		TEST(test_window),
		TEST(test_window_begins_within_the_limit),
		TEST(test_limit_is_no_host),
		TEST(test_pace),
		TEST(test_pace_is_finer_than_the_clock),
		TEST(test_stricter_limit_holds),
		TEST(test_no_limit_is_never_early),
		TEST(test_refund),
		TEST(test_clock_set_back),
		TEST(test_remembered),
		TEST(test_remembered_once),
		TEST(test_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
