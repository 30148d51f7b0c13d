/* SPDX-License-Identifier: ISC */
/* tests/unit/test_moment.c - points in time as programs and people write them.
 */
#include "common/base/alloc.h"
#include "common/base/moment.h"

#include "tests/unit/check.h"

static const struct {
	const char *text;
	int64_t ms; /* -1: none */
} reads[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "2026-11-28T22:10:03Z", 1795903803000 },
	{ "2026-11-28t22:10:03z", 1795903803000 },
	{ "2026-11-28 22:10:03Z", 1795903803000 },
	{ "2026-11-28T23:10:03+01:00", 1795903803000 },
	{ "2026-11-28T16:40:03-05:30", 1795903803000 },
	{ "2026-11-29T00:10:03+02:00", 1795903803000 },
	{ "2026-11-28T22:10:03-00:00", 1795903803000 },
	{ "2026-11-28T22:10:03.5Z", 1795903803500 },
	{ "2026-11-28T22:10:03.1234567Z", 1795903803123 },
	{ "2016-12-31T23:59:60Z", 1483228799000 },
	{ "2024-02-29T12:00:00Z", 1709208000000 },
	{ "2000-03-01T00:00:00Z", 951868800000 },
	{ "9999-12-31T23:59:59Z", 253402300799000 },
	{ "1795903803", 1795903803000 },
	{ "0", 0 },
	{ "253402300799", 253402300799000 },
	{ "253402300800", -1 },
	{ "1795903803000", -1 }, /* milliseconds, by mistake */
	{ "99999999999999999999", -1 },
	{ "-1", -1 },
	{ "", -1 },
	{ "tomorrow", -1 },
	{ "2023-02-29T12:00:00Z", -1 },
	{ "2100-02-29T12:00:00Z", -1 },
	{ "2026-13-01T00:00:00Z", -1 },
	{ "2026-00-01T00:00:00Z", -1 },
	{ "2026-11-31T00:00:00Z", -1 },
	{ "2026-11-00T00:00:00Z", -1 },
	{ "2026-11-28T24:00:00Z", -1 },
	{ "2026-11-28T22:60:00Z", -1 },
	{ "2026-11-28T22:10:61Z", -1 },
	{ "2026-11-28T22:10:03", -1 },
	{ "2026-11-28T22:10Z", -1 },
	{ "2026-11-28", -1 },
	{ "2026-11-28T22:10:03.Z", -1 },
	{ "2026-11-28T22:10:03+0100", -1 },
	{ "2026-11-28T22:10:03+24:00", -1 },
	{ "2026-11-28T22:10:03+01:60", -1 },
	{ "2026-11-28T22:10:03Z ", -1 },
	{ "2026-1-28T22:10:03Z", -1 },
	{ "2026-+1-28T22:10:03Z", -1 },
	{ "1970-01-01T00:00:00+00:01", -1 },
	{ "1969-12-31T23:59:59Z", -1 },
	{ "9999-12-31T23:59:59-00:01", -1 },
};

static void
test_read(void **state)
{
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < nitems(reads); i++) {
		bool read = moment_read(view_of(reads[i].text), &ms);

		check_int(reads[i].text, read, reads[i].ms >= 0);
		if (read)
			check_int(reads[i].text, ms, reads[i].ms);
	}
}

static void
test_print(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} prints[] = {
		{ 0, "1970-01-01 00:00:00 UTC" },
		{ 1795903803999, "2026-11-28 22:10:03 UTC" },
		{ -5, "1970-01-01 00:00:00 UTC" },
		{ INT64_MAX, "9999-12-31 23:59:59 UTC" },
	};
	char out[MOMENT_TEXT];

	(void)state;
	for (size_t i = 0; i < nitems(prints); i++)
		check_str(prints[i].text, moment_print(prints[i].ms, out),
		    prints[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
