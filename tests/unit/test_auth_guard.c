/* SPDX-License-Identifier: ISC */
/* tests/unit/test_auth_guard.c - the budgets of failed logins. */
#include "smtpd/auth_guard.h"

#include "tests/unit/check.h"

#include <stdio.h>

static struct guard *guard;

static struct ip
ip(const char *text)
{
	struct ip made;

	if (!ip_parse(view_of(text), &made))
		fail_msg("%s", text);
	return made;
}

static bool
allows(const char *from, const char *name, int64_t now)
{
	const struct ip a = ip(from);

	return guard_allows(guard, &a, view_of(name), now);
}

static void
failed(const char *from, const char *name, unsigned int times, int64_t now)
{
	const struct ip a = ip(from);

	while (times-- > 0)
		guard_failed(guard, &a, view_of(name), now);
}

static void
succeed(const char *from, const char *name, int64_t now)
{
	const struct ip a = ip(from);

	guard_succeeded(guard, &a, view_of(name), now);
}

static bool
knows(const char *from, const char *name)
{
	const struct ip a = ip(from);

	return guard_knows(guard, &a, view_of(name));
}

static int
begin(void **state)
{
	(void)state;
	guard = guard_new(4711);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	guard_free(guard);
	return 0;
}

/* Many names from one network. */
static void
test_network(void **state)
{
	char name[16];

	(void)state;
	for (int i = 0; i < GUARD_FAILURES; i++) {
		check_int("so far", allows("2001:db8::1", "x", 0), true);
		snprintf(name, sizeof(name), "n%d", i);
		failed("2001:db8::2", name, 1, 0);
	}
	check_int("barred", allows("2001:db8::1", "x", 0), false);
	check_int("the same /64", allows("2001:db8::ffff:1", "y", 0), false);
	check_int("another /64", allows("2001:db8:0:1::1", "x", 0), true);
	check_int(
	    "not over", allows("2001:db8::1", "x", GUARD_BAR_MS - 1), false);
	check_int("over", allows("2001:db8::1", "x", GUARD_BAR_MS), true);
}

/* One name from many networks, and its owner where he has been before. */
static void
test_account(void **state)
{
	char from[32];

	(void)state;
	succeed("192.0.2.1", "ann", 0);
	for (int i = 0; i < GUARD_FAILURES; i++) {
		snprintf(from, sizeof(from), "198.51.100.%d", i);
		failed(from, "ann", 1, 0);
	}
	check_int("from anywhere", allows("203.0.113.1", "ann", 0), false);
	check_int("at home", allows("192.0.2.1", "ann", 0), true);
	check_int("another name", allows("203.0.113.1", "bob", 0), true);
}

/* Neighbours behind one address do not lock out who has been there. */
static void
test_neighbours(void **state)
{
	(void)state;
	succeed("192.0.2.1", "ann", 0);
	failed("192.0.2.1", "bob", GUARD_FAILURES, 0);
	check_int("bob", allows("192.0.2.1", "bob", 0), false);
	check_int("a stranger there", allows("192.0.2.1", "eve", 0), false);
	check_int("ann", allows("192.0.2.1", "ann", 0), true);
	failed("192.0.2.1", "ann", GUARD_FAILURES, 0);
	check_int("her own are spent", allows("192.0.2.1", "ann", 0), false);
	check_int("elsewhere", allows("203.0.113.9", "ann", 0), true);
}

/* A failure now and then is no attack. */
static void
test_window(void **state)
{
	(void)state;
	for (int64_t i = 0; i < 3; i++)
		failed("192.0.2.1", "ann", GUARD_FAILURES - 1,
		    i * GUARD_WINDOW_MS);
	check_int("each window anew",
	    allows("192.0.2.1", "ann", 3 * GUARD_WINDOW_MS), true);
}

/* However many come, memory is the same and new ones are still counted. */
static void
test_flood(void **state)
{
	char from[32];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		snprintf(from, sizeof(from), "10.%d.%d.%d", i >> 16 & 255,
		    i >> 8 & 255, i & 255);
		failed(from, "x", 1, i);
	}
	failed("192.0.2.1", "y", GUARD_FAILURES, 200000);
	check_int("counted", allows("192.0.2.1", "z", 200000), false);
}

/* Who has logged in is not forgotten for those who only try. */
static void
test_known(void **state)
{
	char name[16];

	(void)state;
	assert_false(knows("192.0.2.1", "ann"));
	succeed("192.0.2.1", "ann", 0);
	assert_true(knows("192.0.2.1", "ann"));
	assert_false(knows("192.0.2.2", "ann"));
	assert_false(knows("192.0.2.1", "bob"));
	for (unsigned int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "x%u", i);
		failed("192.0.2.3", name, 1, 1000 + i);
	}
	assert_true(knows("192.0.2.1", "ann"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_network, begin, end),
		cmocka_unit_test_setup_teardown(test_account, begin, end),
		cmocka_unit_test_setup_teardown(test_neighbours, begin, end),
		cmocka_unit_test_setup_teardown(test_window, begin, end),
		cmocka_unit_test_setup_teardown(test_flood, begin, end),
		cmocka_unit_test_setup_teardown(test_known, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
