/* SPDX-License-Identifier: ISC */
/* tests/unit/test_schedule_rates.c - the limits on destinations and hosts. */
#include "tests/unit/schedule_stand.h"

static void
test_rate(void **state)
{
	int64_t now = NOW, last = 0, n = 0;

	(void)state;
	gate_limit(&s.gates, "slow.example", 3000 * 1000, now);
	for (int i = 0; i < 20; i++) {
		add("slow.example");
		add("free.example");
	}
	groups[0]->destination->window = 20;
	groups[1]->destination->window = 20;
	s.open_max = 1000;
	/* others go on meanwhile, and nothing is looked at in vain */
	assert_int_equal(open_all(now), 20);
	assert_true(TAILQ_EMPTY(&s.rings[RING_LIGHT]));
	assert_true(TAILQ_EMPTY(&s.rings[RING_HEAVY]));
	for (; n < 20 && now < NOW + 100000; now++) {
		if (schedule_due(&s) > now)
			now = schedule_due(&s);
		for (size_t k = open_all(now); k > 0; k--, n++) {
			assert_true(now - last >= 3000);
			last = now;
		}
	}
	check_int("all of them", n, 20);
	check_int("not later than need be", last, NOW + 20 * 3000);
	check_int("nothing more to come", schedule_due(&s), 0);
}

static void
test_rate_of_a_host(void **state)
{
	(void)state;
	gate_limit(&s.gates, "mx.example", 1000 * 1000, NOW - 5000);
	for (int i = 0; i < 10; i++) {
		add("a.example");
		add("b.example");
	}
	open_all(NOW);
	for (int i = 0; i < 4; i++)
		schedule_ended(
		    &s, groups[i], OUTCOME_SUCCESS, "mx.example", NOW);
	check_int("one for both", open_all(NOW), 1);
	check_int("in a second", schedule_due(&s), NOW + 1000);
	check_int("none", open_all(NOW + 999), 0);
	check_int("one", open_all(NOW + 1000), 1);
}

/* Each limit holds for what it names, and all that name one hold for it. */
static void
test_rates_by_name(void **state)
{
	static const struct {
		enum transport transport;
		const char *host;
		uint16_t port;
		int64_t first; /* ms after which it may be tried */
	} rows[] = {
		{ TRANSPORT_HOST, "a.lan,b.lan", 25, 1000 },
		{ TRANSPORT_LMTP, "a.lan,b.lan", 24, 1000 },
		{ TRANSPORT_HOST, "box@a.lan,b.lan", 587, 2000 },
		{ TRANSPORT_HOST, "box@a.lan,b.lan", 465, 3000 },
		{ TRANSPORT_HOST, "bulk%a.lan,b.lan", 25, 1000 },
		{ TRANSPORT_LMTP, "/run/lmtp", 0, 4000 },
		{ TRANSPORT_HOST, "a.lan", 25, 0 },
		{ TRANSPORT_HOST, "b.lan,a.lan", 25, 0 },
		{ TRANSPORT_LMTP, "/run/lmtp2", 0, 0 },
	};

	for (size_t i = 0; i < nitems(rows); i++) {
		const char *label = rows[i].host;
		int64_t at = NOW + rows[i].first;
		struct group *g;

		tear_down(state);
		set_up(state);
		gate_limit(&s.gates, "a.lan,b.lan", 1000 * 1000, NOW);
		gate_limit(&s.gates, "box@a.lan,b.lan", 2000 * 1000, NOW);
		gate_limit(&s.gates, "host box@a.lan,b.lan port 465",
		    3000 * 1000, NOW);
		gate_limit(&s.gates, "lmtp /run/lmtp", 4000 * 1000, NOW);
		add_to(rows[i].transport, rows[i].host, rows[i].port);
		add_to(rows[i].transport, rows[i].host, rows[i].port);
		if (rows[i].first > 0)
			check_int(label, open_all(at - 1), 0);
		g = schedule_next(&s, at);
		if (g == NULL)
			fail_msg("%s: too late", label);
		if (rows[i].first > 0)
			check_int(label, open_all(at + 1), 0);
		/* given back to all of them */
		schedule_refund(g, at);
		check_int(label, open_all(at + 1), 1);
	}
}

/* One that two limits hold up keeps no place at either. */
static void
test_rates_of_two_names(void **state)
{
	int64_t now = NOW, n = 0;

	(void)state;
	gate_limit(&s.gates, "a.lan", 1000 * 1000, NOW);
	gate_limit(&s.gates, "box@a.lan", 3000 * 1000, NOW);
	for (int i = 0; i < 4; i++) {
		add_to(TRANSPORT_HOST, "box@a.lan", 25);
		add_to(TRANSPORT_HOST, "boy@a.lan", 25);
	}
	groups[0]->destination->window = groups[1]->destination->window = 20;
	for (int i = 0; i < 100 && n < 8; i++) {
		int64_t due = schedule_due(&s);

		now = due > now ? due : now;
		n += (int64_t)open_all(now);
	}
	check_int("all of them", n, 8);
	check_int("the slower one's four", now, NOW + 4 * 3000);
}

static void
test_rate_is_given_back_by_who_spent_it(void **state)
{
	struct group *first, *second;

	(void)state;
	gate_limit(&s.gates, "a.example", 1000 * 1000, NOW - 1000);
	for (int i = 0; i < 4; i++)
		add("a.example");
	groups[0]->destination->window = 20;
	first = schedule_next(&s, NOW);
	assert_non_null(first);
	/* taken without asking the rate, as what expires */
	schedule_take(&s, groups[3]);
	schedule_refund(groups[3], NOW + 1);
	check_int("none is given back", open_all(NOW + 1), 0);
	second = schedule_next(&s, NOW + 1000);
	assert_non_null(second);
	schedule_refund(first, NOW + 1001);
	check_int("another has gone", open_all(NOW + 1001), 0);
	schedule_refund(second, NOW + 1001);
	check_int("this one has not", open_all(NOW + 1001), 1);
}

static void
test_rate_and_a_clock_set_back(void **state)
{
	(void)state;
	gate_limit(&s.gates, "a.example", 1000 * 1000, NOW * 1000);
	add("a.example");
	assert_int_equal(open_all(NOW), 0);
	check_int("one pause", schedule_due(&s), NOW + 1000);
	assert_int_equal(open_all(NOW + 1000), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_rate_of_a_host, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_rates_by_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_rates_of_two_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_rate_is_given_back_by_who_spent_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_rate_and_a_clock_set_back, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
