/* SPDX-License-Identifier: ISC */
/* tests/unit/check.h - cmocka, and checks that name the row of a table.
 *
 * A unit test is a program: tables and functions, then
 *
 *	int
 *	main(void)
 *	{
 *		const struct CMUnitTest tests[] = {
 *			cmocka_unit_test(test_size),
 *		};
 *
 *		return cmocka_run_group_tests(tests, NULL, NULL);
 *	}
 */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/alloc.h"

#define check_int(label, got, want)                                            \
	do {                                                                   \
		long long got_ = (long long)(got), want_ = (long long)(want);  \
		if (got_ != want_)                                             \
			fail_msg(                                              \
			    "%s: got %lld, want %lld", (label), got_, want_);  \
	} while (0)

#define check_str(label, got, want)                                            \
	do {                                                                   \
		const char *got_ = (got), *want_ = (want);                     \
		if (strcmp(got_, want_) != 0)                                  \
			fail_msg("%s: got \"%s\", want \"%s\"", (label), got_, \
			    want_);                                            \
	} while (0)

#endif
