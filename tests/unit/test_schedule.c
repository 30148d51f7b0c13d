/* SPDX-License-Identifier: ISC */
/* tests/unit/test_schedule.c - windows, clocks, probes, fairness. */
#include "queue/schedule.h"

#include "common/base/alloc.h"

#include "tests/unit/check.h"

#include <stdio.h>

enum { NOW = 1000000, MINUTE = 60000, MANY = 200 };

static struct schedule s;
static struct group *groups[MANY];
static size_t ngroups;

static int
set_up(void **state)
{
	(void)state;
	schedule_init(&s, 20, 100, 1);
	ngroups = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < ngroups; i++)
		if (groups[i]->in_line)
			schedule_drop(&s, groups[i]);
	for (size_t i = 0; i < ngroups; i++)
		group_free(groups[i]);
	return 0;
}

/* A new message with one group in line for the host. */
static struct group *
add(const char *host)
{
	struct message *m = message_new();
	struct group *g = group_new(m, 1);

	message_release(m);
	m->id = ngroups + 1;
	g->destination = schedule_destination(&s, TRANSPORT_MX, host, 25);
	schedule_hold(&s, g);
	schedule_ready(&s, g);
	groups[ngroups++] = g;
	return g;
}

static size_t
open_all(int64_t now)
{
	size_t n = 0;

	while (schedule_next(&s, now) != NULL)
		n++;
	return n;
}

static void
test_window_grows_with_success(void **state)
{
	struct group *g;

	(void)state;
	for (int i = 0; i < 60; i++)
		add("a.example");
	assert_int_equal(open_all(NOW), SCHEDULE_WINDOW_START);
	for (unsigned int want = 3; want <= 20; want++) {
		g = groups[want - 3];
		assert_false(schedule_ended(&s, g, OUTCOME_SUCCESS, NOW));
		schedule_drop(&s, g);
		open_all(NOW);
		check_int("window", g->destination->window, want);
		check_int("open", g->destination->nopen, want);
	}
	g = groups[18];
	schedule_ended(&s, g, OUTCOME_SUCCESS, NOW);
	check_int("never more than the limit", g->destination->window, 20);
}

static void
test_unreachable_sleeps_once(void **state)
{
	struct destination *d;

	(void)state;
	for (int i = 0; i < 10; i++)
		add("dead.example");
	d = groups[0]->destination;
	d->window = 8;
	assert_int_equal(open_all(NOW), 8);
	assert_true(schedule_ended(&s, groups[0], OUTCOME_UNREACHABLE, NOW));
	check_int("halved", d->window, 4);
	check_int("failures", d->failures, 1);
	/* those that were under way beside it count once */
	assert_false(schedule_ended(&s, groups[1], OUTCOME_UNREACHABLE, NOW));
	check_int("failures", d->failures, 1);
	assert_true(d->not_before >= NOW + 4 * MINUTE);
	assert_true(d->not_before <= NOW + 6 * MINUTE);
	assert_int_equal(open_all(NOW), 0);
}

static void
test_probe_then_open(void **state)
{
	int64_t later = NOW + 7 * MINUTE;
	struct destination *d;
	struct group *g;

	(void)state;
	for (int i = 0; i < 10; i++)
		add("dead.example");
	d = groups[0]->destination;
	g = schedule_next(&s, NOW);
	schedule_ended(&s, g, OUTCOME_UNREACHABLE, NOW);
	schedule_ready(&s, g);
	schedule_wake(&s, d);
	check_int("one probe", open_all(later), 1);
	g = groups[1];
	assert_true(schedule_ended(&s, g, OUTCOME_UNREACHABLE, later));
	check_int("failures", d->failures, 2);
	assert_true(d->not_before >= later + 12 * MINUTE);
	schedule_ready(&s, g);
	schedule_wake(&s, d);
	check_int("again one probe", open_all(later), 1);
	g = groups[2];
	assert_false(schedule_ended(&s, g, OUTCOME_SUCCESS, later));
	check_int("awake", d->not_before, 0);
	check_int("failures forgotten", d->failures, 0);
	assert_true(open_all(later) > 1);
}

static void
test_round_robin(void **state)
{
	struct group *g;

	(void)state;
	for (int i = 0; i < 50; i++)
		add("big.example");
	add("small.example");
	g = schedule_next(&s, NOW);
	check_str("first", g->destination->host, "big.example");
	g = schedule_next(&s, NOW);
	check_str("second", g->destination->host, "small.example");
}

static void
test_total_is_bounded(void **state)
{
	char host[32];

	(void)state;
	s.open_max = 7;
	for (int i = 0; i < 20; i++) {
		snprintf(host, sizeof(host), "h%d.example", i);
		add(host);
	}
	assert_int_equal(open_all(NOW), 7);
}

static void
test_pauses(void **state)
{
	static const struct {
		unsigned int n;
		int64_t minutes;
	} cases[] = { { 1, 5 }, { 2, 15 }, { 3, 30 }, { 4, 60 }, { 5, 120 },
		{ 6, 240 }, { 7, 240 }, { 1000, 240 } };

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		for (int k = 0; k < 1000; k++) {
			int64_t ms = schedule_pause(&s, cases[i].n, 0);

			assert_true(ms >= cases[i].minutes * MINUTE * 8 / 10);
			assert_true(ms <= cases[i].minutes * MINUTE * 12 / 10);
		}
	assert_true(schedule_pause(&s, 9, 60 * MINUTE) <= 72 * MINUTE);
}

static void
test_memory_is_bounded(void **state)
{
	struct group *g = add("a.example");

	(void)state;
	assert_int_equal(
	    schedule_room(&s, g->destination), SCHEDULE_GROUPS_ROOMY - 1);
	s.ngroups = SCHEDULE_GROUPS / 2;
	assert_int_equal(
	    schedule_room(&s, g->destination), SCHEDULE_GROUPS_EACH - 1);
	s.ngroups = SCHEDULE_GROUPS;
	assert_int_equal(schedule_room(&s, g->destination), 0);
	assert_false(schedule_admits(&s, g->destination, NOW));
	s.ngroups = 1;
	g->destination->not_before = NOW + 1;
	assert_false(schedule_admits(&s, g->destination, NOW));
	assert_true(schedule_admits(&s, g->destination, NOW + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_window_grows_with_success, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_unreachable_sleeps_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_probe_then_open, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_round_robin, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_total_is_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pauses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_memory_is_bounded, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
