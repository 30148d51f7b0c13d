/* SPDX-License-Identifier: ISC */
/* tests/unit/test_pace.c - tests of common/base/pace.c */
#include "common/base/pace.h"

#include "tests/unit/check.h"

enum { BIRTH = 5000, RATE = 500, GRACE = 30000 };

static void
test_rate(void **state)
{
	struct pace p;

	(void)state;
	pace_begin(&p, GRACE, BIRTH);
	check_int("no body", pace_too_slow(&p, RATE, BIRTH + 3600000), false);
	pace_note(&p, 1, true, BIRTH + 1000);
	check_int("early", pace_too_slow(&p, RATE, BIRTH + 2000), false);
	check_int("grace", pace_too_slow(&p, RATE, BIRTH + 31000), false);
	check_int("over", pace_too_slow(&p, RATE, BIRTH + 31004), true);
	check_int("no rate", pace_too_slow(&p, 0, BIRTH + 99000), false);
	/* 15,001 bytes are good for 30 seconds more */
	pace_note(&p, 15000, true, BIRTH + 31004);
	check_int("caught up", pace_too_slow(&p, RATE, BIRTH + 61000), false);
	check_int("behind", pace_too_slow(&p, RATE, BIRTH + 61010), true);
	/* the next message begins anew */
	pace_note(&p, 10, false, BIRTH + 62000);
	check_int("over", pace_too_slow(&p, RATE, BIRTH + 99000), false);
	pace_note(&p, 1, true, BIRTH + 99000);
	check_int("anew", pace_too_slow(&p, RATE, BIRTH + 129000), false);
	check_int("slow", pace_too_slow(&p, RATE, BIRTH + 130000), true);
}

static void
test_life(void **state)
{
	struct pace p;

	(void)state;
	pace_begin(&p, GRACE, BIRTH);
	check_int("young", pace_too_old(&p, 7200000, BIRTH + 7199999), false);
	check_int("old", pace_too_old(&p, 7200000, BIRTH + 7200000), true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
