/* SPDX-License-Identifier: ISC */
/* tests/unit/test_error.c - tests of queue/error.c */
#include "queue/error.h"

#include "tests/unit/check.h"

static const struct {
	const char *error; /* NULL: never tried */
	int smtp, subject, detail;
	const char *text;
} cases[] = {
	{ "451 4.7.1 try later", 451, 7, 1, "try later" },
	{ "450 4.0.0  two  blanks", 450, 0, 0, "two  blanks" },
	{ "421 4.3.2 ", 421, 3, 2, "" },
	{ "connection refused", 451, 4, 1, "connection refused" },
	{ "550 5.1.1 never", 451, 4, 1, "550 5.1.1 never" },
	{ "451 5.1.1 mixed", 451, 4, 1, "451 5.1.1 mixed" },
	{ "451 4.1 short", 451, 4, 1, "451 4.1 short" },
	{ "451 4.1.1.1 long", 451, 4, 1, "451 4.1.1.1 long" },
	{ "451 4.1.1000 large", 451, 4, 1, "451 4.1.1000 large" },
	{ "4510 4.1.1 x", 451, 4, 1, "4510 4.1.1 x" },
	{ "", 451, 4, 1, "" },
	{ NULL, 451, 4, 1, "not tried yet" },
};

static void
test_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		const char *label =
		    cases[i].error == NULL ? "NULL" : cases[i].error;
		struct status st;

		error_status(cases[i].error, &st);
		check_int(label, st.verdict, VERDICT_LATER);
		check_int(label, st.smtp, cases[i].smtp);
		check_int(label, st.subject, cases[i].subject);
		check_int(label, st.detail, cases[i].detail);
		check_str(label, st.text, cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
