/* SPDX-License-Identifier: ISC */
/* tests/unit/test_date.c - dates in other places, and across a second. */
#include "common/mail/date.h"

#include <stdlib.h>

#include "tests/unit/check.h"

static const struct {
	const char *zone; /* POSIX: west is positive */
	int64_t ms;
	const char *text;
} cases[] = {
	{ "UTC0", 0, "Thu, 01 Jan 1970 00:00:00 +0000" },
	{ "UTC0", 999, "Thu, 01 Jan 1970 00:00:00 +0000" },
	{ "UTC0", 1000, "Thu, 01 Jan 1970 00:00:01 +0000" },
	{ "UTC0", 1709164799999, "Wed, 28 Feb 2024 23:59:59 +0000" },
	{ "UTC0", 1709164800000, "Thu, 29 Feb 2024 00:00:00 +0000" },
	{ "XXX-5:30", 0, "Thu, 01 Jan 1970 05:30:00 +0530" },
	{ "XXX3:30", 0, "Wed, 31 Dec 1969 20:30:00 -0330" },
	{ "XXX0:30", 0, "Wed, 31 Dec 1969 23:30:00 -0030" },
	{ "XXX-14", 0, "Thu, 01 Jan 1970 14:00:00 +1400" },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", 1720000000000,
	    "Wed, 03 Jul 2024 11:46:40 +0200" },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", 1730000000000,
	    "Sun, 27 Oct 2024 04:33:20 +0100" },
	/* nonsense stays within its bounds */
	{ "UTC0", INT64_MAX, "Sun, 17 Aug 8994 07:12:55 +0000" },
};

static void
test_dates(void **state)
{
	char text[DATE_TEXT];

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		setenv("TZ", cases[i].zone, 1);
		date_prepare();
		check_str(cases[i].zone, date_print(cases[i].ms, text),
		    cases[i].text);
		/* from memory now */
		check_str(cases[i].zone, date_print(cases[i].ms, text),
		    cases[i].text);
	}
}

static void
test_memory_is_of_one_second(void **state)
{
	char text[DATE_TEXT];

	(void)state;
	setenv("TZ", "UTC0", 1);
	date_prepare();
	check_str("0", date_print(0, text) + 17, "00:00:00 +0000");
	check_str("1", date_print(1000, text) + 17, "00:00:01 +0000");
	check_str("0", date_print(0, text) + 17, "00:00:00 +0000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_memory_is_of_one_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
