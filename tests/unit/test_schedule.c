/* SPDX-License-Identifier: ISC */
/* tests/unit/test_schedule.c - windows, clocks, probes, fairness. */
#include "tests/unit/schedule_stand.h"

#include <stdio.h>

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
		assert_false(schedule_ended(&s, g, OUTCOME_SUCCESS, "", NOW));
		schedule_drop(&s, g);
		open_all(NOW);
		check_int("window", g->destination->window, want);
		check_int("open", g->destination->nopen, want);
	}
	g = groups[18];
	schedule_ended(&s, g, OUTCOME_SUCCESS, "", NOW);
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
	assert_true(
	    schedule_ended(&s, groups[0], OUTCOME_UNREACHABLE, "", NOW));
	check_int("halved", d->window, 4);
	check_int("failures", d->failures, 1);
	/* those that were under way beside it count once */
	assert_false(
	    schedule_ended(&s, groups[1], OUTCOME_UNREACHABLE, "", NOW));
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
	schedule_ended(&s, g, OUTCOME_UNREACHABLE, "", NOW);
	schedule_ready(&s, g);
	schedule_wake(&s, d);
	check_int("one probe", open_all(later), 1);
	g = groups[1];
	assert_true(schedule_ended(&s, g, OUTCOME_UNREACHABLE, "", later));
	check_int("failures", d->failures, 2);
	assert_true(d->not_before >= later + 12 * MINUTE);
	schedule_ready(&s, g);
	schedule_wake(&s, d);
	check_int("again one probe", open_all(later), 1);
	g = groups[2];
	assert_false(schedule_ended(&s, g, OUTCOME_SUCCESS, "", later));
	check_int("awake", d->not_before, 0);
	check_int("failures forgotten", d->failures, 0);
	assert_true(open_all(later) > 1);
}

/* Halved under deliveries that wait at their dots: what ends makes it grow,
 * and lets others in as soon as there are fewer than it allows. */
static void
test_window_shrunk_under_many(void **state)
{
	struct destination *d;
	size_t ended = 1, more = 0;

	(void)state;
	for (int i = 0; i < 60; i++)
		add("a.example");
	d = groups[0]->destination;
	d->window = 20;
	assert_int_equal(open_all(NOW), 20);
	assert_true(
	    schedule_ended(&s, groups[0], OUTCOME_UNREACHABLE, "mx", NOW));
	check_int("halved", d->window, 10);
	check_int("asleep", open_all(NOW + 1), 0);
	/* one that succeeds wakes it; 18 are more than 11 */
	for (; more == 0 && ended < 20; more = open_all(NOW + 1))
		schedule_ended(
		    &s, groups[ended++], OUTCOME_SUCCESS, "mx", NOW + 1);
	check_int("ended until another begins", ended, 6);
	check_int("one or more", more, d->window - (20 - ended));
	while (ended < 20)
		schedule_ended(
		    &s, groups[ended++], OUTCOME_SUCCESS, "mx", NOW + 2);
	open_all(NOW + 2);
	check_int("full again", d->nopen, 20);
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
add_list(int domains)
{
	char host[32];

	s.open_max = MANY;
	for (int i = 0; i < domains; i++) {
		snprintf(host, sizeof(host), "l%d.example", i);
		add_from("list@client.example", host);
	}
}

/* How many are tried before and with the one for this host. */
static int
turns_until(const char *host)
{
	int n = 1;

	while (strcmp(schedule_next(&s, NOW)->destination->host, host) != 0)
		n++;
	return n;
}

/* What was in line before the list was seen to be long goes first. */
static void
test_single_passes_a_list(void **state)
{
	(void)state;
	add_list(100);
	add_from("a@client.example", "single.example");
	assert_in_range(turns_until("single.example"), 1, 2 * LINE_LIGHT + 2);
	/* also where the list has a group in line already */
	add_from("b@client.example", "l99.example");
	assert_in_range(turns_until("l99.example"), 1, 2);
	assert_in_range(turns_until("l99.example"), 1, 2);
}

/* However many single messages come, the list has every second turn. */
static void
test_list_goes_on(void **state)
{
	char name[64];
	int listed = 0;

	(void)state;
	add_list(100);
	for (int i = 0; i < 80; i++) {
		snprintf(name, sizeof(name), "a@s%d.example", i);
		add_from(name, strchr(name, '@') + 1);
		listed += schedule_next(&s, NOW)->destination->host[0] == 'l';
	}
	assert_in_range(listed, 40, 40 + LINE_LIGHT);
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
	s.ngroups = SCHEDULE_GROUPS + SCHEDULE_GROUPS_SPARE + 1;
	assert_false(schedule_admits(&s, g, NOW));
	/* one with nothing in memory finds a place, as long as there is one */
	g->destination->ngroups = 0;
	assert_int_equal(schedule_room(&s, g->destination), 0);
	s.ngroups = SCHEDULE_GROUPS;
	assert_int_equal(schedule_room(&s, g->destination), 1);
	/* what has waited has a part that fresh mail cannot take */
	s.ngroups = 2000;
	g->destination->ngroups = 2000;
	assert_int_equal(schedule_room(&s, g->destination),
	    SCHEDULE_GROUPS_ROOMY / SCHEDULE_LOADED);
	g->destination->ngroups = 1;
	s.ngroups = 1;
	g->destination->not_before = NOW + 1;
	assert_false(schedule_admits(&s, g, NOW));
	assert_true(schedule_admits(&s, g, NOW + 1));
}

/* A flood of one sender, then one message of another. */
static void
test_senders_take_turns(void **state)
{
	struct group *g = NULL;

	(void)state;
	for (int i = 0; i < 50; i++)
		add_from("flood@client.example", "a.example");
	add_from("single@client.example", "a.example");
	groups[0]->destination->window = 3;
	for (int i = 0; i < 2; i++)
		g = schedule_next(&s, NOW);
	check_str("second", g->message->sender, "single@client.example");
	g = schedule_next(&s, NOW);
	check_str("third", g->message->sender, "flood@client.example");
}

static void
test_a_flood_leaves_room(void **state)
{
	struct group *flood = add_from("flood@client.example", "a.example");
	struct group *single = add_from("single@client.example", "a.example");

	(void)state;
	flood->destination->ngroups += SCHEDULE_GROUPS_ROOMY;
	flood->line->nheld += SCHEDULE_GROUPS_ROOMY;
	assert_false(schedule_admits(&s, flood, NOW));
	assert_true(schedule_admits(&s, single, NOW));
	flood->destination->ngroups += SCHEDULE_GROUPS_ROOMY;
	assert_false(schedule_admits(&s, single, NOW));
	flood->destination->ngroups -= 2 * SCHEDULE_GROUPS_ROOMY;
	flood->line->nheld -= SCHEDULE_GROUPS_ROOMY;
}

/* Many domains behind one host: the host's window holds for all of them. */
static void
test_host_is_charged(void **state)
{
	char domain[32], sender[32];
	struct group *g;

	(void)state;
	for (int i = 0; i < 30; i++) {
		snprintf(domain, sizeof(domain), "d%d.example", i);
		snprintf(sender, sizeof(sender), "s%d@client.example", i);
		add_from(sender, domain);
	}
	/* all of them have been there before */
	for (int i = 0; i < 30; i++) {
		g = schedule_next(&s, NOW);
		schedule_ended(&s, g, OUTCOME_UNREACHABLE, "mx.example", NOW);
		g->destination->not_before = 0;
		schedule_ready(&s, g);
	}
	check_str(
	    "known", schedule_host(groups[0]->destination, NOW), "mx.example");
	assert_int_equal(open_all(NOW), 1);
	/* one success and there is room for two: one ends, two begin */
	schedule_ended(&s, groups[0], OUTCOME_SUCCESS, "mx.example", NOW);
	assert_int_equal(open_all(NOW), 2);
	assert_true(groups[0]->gate == NULL);
	schedule_ended(&s, groups[1], OUTCOME_SUCCESS, "mx.example", NOW);
	assert_int_equal(open_all(NOW), 2);
	/* an hour later nothing is known of it */
	assert_null(
	    schedule_host(groups[9]->destination, NOW + GATE_MEMORY_MS + 1));
}

/* Three domains at a host whose window is one: one is under way, the others
 * stand in the line of its gate. */
static void
crowd_at_a_host(void)
{
	static const char *const domains[] = { "a.example", "b.example",
		"c.example" };
	struct group *g;

	for (int i = 0; i < 3; i++)
		add(domains[i]);
	for (int i = 0; i < 3; i++) {
		g = schedule_next(&s, NOW);
		schedule_ended(&s, g, OUTCOME_UNREACHABLE, "mx.example", NOW);
		schedule_wake(&s, g->destination);
		schedule_ready(&s, g);
	}
	assert_ptr_equal(schedule_next(&s, NOW), groups[0]);
	assert_null(schedule_next(&s, NOW));
	for (int i = 1; i < 3; i++)
		assert_non_null(groups[i]->destination->blocked);
}

static void
test_place_of_one_that_was_not_tried(void **state)
{
	(void)state;
	crowd_at_a_host();
	schedule_ended(&s, groups[0], OUTCOME_ABORTED, NULL, NOW);
	assert_ptr_equal(schedule_next(&s, NOW), groups[1]);
	assert_null(schedule_next(&s, NOW));
}

/* It was let in, and then has nothing more: the next one is. */
static void
test_place_that_nobody_takes(void **state)
{
	(void)state;
	crowd_at_a_host();
	schedule_ended(&s, groups[0], OUTCOME_ABORTED, NULL, NOW);
	assert_non_null(groups[1]->destination->in_ring);
	schedule_unready(&s, groups[1]);
	assert_ptr_equal(schedule_next(&s, NOW), groups[2]);
}

static void
test_host_outlives_its_destination(void **state)
{
	struct destination *d;
	struct group *g = add("a.example");

	(void)state;
	schedule_next(&s, NOW);
	schedule_ended(&s, g, OUTCOME_SUCCESS, "mx.example", NOW);
	schedule_drop(&s, g);
	schedule_forget(&s, g->destination);
	d = schedule_destination(&s, TRANSPORT_MX, "a.example", 25);
	check_str("known", schedule_host(d, NOW), "mx.example");
	g->destination = d;
}

static void
test_suspended(void **state)
{
	struct group *g = add("a.example");

	(void)state;
	g->destination->suspended = NOW + MINUTE;
	assert_true(schedule_asleep(g->destination, NOW));
	assert_false(schedule_admits(&s, g, NOW));
	assert_int_equal(open_all(NOW), 0);
	/* not even an operator's retry wakes it */
	schedule_wake(&s, g->destination);
	assert_int_equal(open_all(NOW), 0);
	schedule_wake(&s, g->destination);
	assert_int_equal(open_all(NOW + MINUTE), 1);
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
		    test_window_shrunk_under_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_round_robin, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_single_passes_a_list, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_list_goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_total_is_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pauses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_memory_is_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_senders_take_turns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_a_flood_leaves_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_host_is_charged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_place_of_one_that_was_not_tried, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_place_that_nobody_takes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_host_outlives_its_destination, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_suspended, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
