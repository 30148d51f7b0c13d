/* SPDX-License-Identifier: ISC */
/* tests/unit/test_farewell.c - tests of smtpd/farewell.c */
#include "tests/unit/check.h"

#include "smtpd/farewell.h"

/* So many of n with this key get a place. */
static size_t
begin(struct farewells *f, uint64_t key, size_t n)
{
	size_t got = 0;

	while (n-- > 0)
		got += farewell_begin(f, key);
	return got;
}

static void
test_at_a_time(void **state)
{
	struct farewells f = { 0 };

	(void)state;
	for (uint64_t key = 1; key <= FAREWELLS; key++)
		check_int("room", farewell_begin(&f, key), true);
	farewell_second(&f);
	check_int("full", farewell_begin(&f, 100), false);
	farewell_end(&f, 7);
	check_int("one went", farewell_begin(&f, 100), true);
	check_int("full again", farewell_begin(&f, 101), false);
}

static void
test_of_one_address(void **state)
{
	struct farewells f = { 0 };

	(void)state;
	check_int("its part", begin(&f, 5, 100), FAREWELLS_EACH);
	check_int("another", begin(&f, 6, 1), 1);
	farewell_end(&f, 5);
	check_int("one for one", begin(&f, 5, 100), 1);
	/* that ends as often as it was begun, and no other with it */
	for (size_t i = 0; i < FAREWELLS_EACH; i++)
		farewell_end(&f, 5);
	farewell_second(&f);
	check_int("all over", begin(&f, 5, 100), FAREWELLS_EACH);
	check_int("six is there", begin(&f, 6, 100), FAREWELLS_EACH / 2 - 1);
}

/* What one address after the other gets, if none goes. */
static void
test_parts(void **state)
{
	static const size_t parts[] = { 8, 4, 4, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1,
		1, 1, 0 };
	struct farewells f = { 0 };

	(void)state;
	for (uint64_t i = 0; i < nitems(parts); i++) {
		f.begun = 0;
		check_int("its part", begin(&f, i + 1, 100), parts[i]);
	}
	/* whose part is smaller by now gets none for the one that went */
	farewell_end(&f, 1);
	check_int("more than others", begin(&f, 2, 1), 0);
	check_int("a new one", begin(&f, 100, 100), 1);
}

static void
test_in_a_second(void **state)
{
	struct farewells f = { 0 };
	size_t got = 0;

	(void)state;
	for (uint64_t key = 1; key < 1000; key++) {
		if (!farewell_begin(&f, key))
			continue;
		farewell_end(&f, key);
		got++;
	}
	check_int("however fast they go", got, FAREWELLS);
	farewell_second(&f);
	check_int("the next second", farewell_begin(&f, 1), true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_a_time),
		cmocka_unit_test(test_of_one_address),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_in_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
