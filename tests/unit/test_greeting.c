/* SPDX-License-Identifier: ISC */
/* tests/unit/test_greeting.c - tests of deliver/greeting.c */
#include "deliver/greeting.h"

#include "tests/unit/check.h"

static const struct {
	const char *lines[6];
	unsigned int offers;
	uint64_t size_max;
} cases[] = {
	{ { "250 host.example" }, 0, 0 },
	{ { "250-SIZE 5", "250 there" }, 0, 0 }, /* the first is a name */
	{ { "250-h", "250 PIPELINING" }, OFFER_PIPELINING, 0 },
	{ { "250-h", "250-pipelining", "250 8bitmime" },
	    OFFER_PIPELINING | OFFER_8BITMIME, 0 },
	{ { "250-h", "250 dsn" }, OFFER_DSN, 0 },
	{ { "250-h", "250 SmtpUtf8" }, OFFER_SMTPUTF8, 0 },
	{ { "250-h", "250 SIZE 1000" }, OFFER_SIZE, 1000 },
	{ { "250-h", "250 SIZE" }, OFFER_SIZE, 0 },
	{ { "250-h", "250 SIZE 0" }, OFFER_SIZE, 0 },
	{ { "250-h", "250 SIZE 1k" }, OFFER_SIZE, 0 },
	{ { "250-h", "250 SIZE -1" }, OFFER_SIZE, 0 },
	{ { "250-h", "250 SIZE 99999999999999999999" }, OFFER_SIZE, 0 },
	{ { "250-h", "250 SIZE 77 88" }, OFFER_SIZE, 77 },
	{ { "250-h", "250 SIZE=77" }, 0, 0 },
	{ { "250-h", "250-XPIPELINING", "250 PIPELININGX" }, 0, 0 },
	{ { "250-h", "250-", "250" }, 0, 0 },
	{ { "250-h", "25", "" }, 0, 0 },
	{ { "250-h", "250-\tPIPELINING ", "250 \x80\xff" }, OFFER_PIPELINING,
	    0 },
};

static void
test_lines(void **state)
{
	struct greeting g;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		const char *label = cases[i].lines[1] != NULL
					? cases[i].lines[1]
					: cases[i].lines[0];

		greeting_begin(&g);
		for (size_t k = 0; cases[i].lines[k] != NULL; k++)
			greeting_line(&g, view_of(cases[i].lines[k]));
		check_int(label, g.offers, cases[i].offers);
		check_int(label, g.size_max, cases[i].size_max);
	}
}

/* RFC 9422 */
static void
test_limits(void **state)
{
	struct greeting g;

	(void)state;
	greeting_begin(&g);
	greeting_line(&g, view_of("250-h"));
	greeting_line(&g, view_of("250-LIMITS MAILMAX=x"));
	check_int("none", g.mail_max, 0);
	greeting_line(&g, view_of("250 limits RCPTMAX=5 mailmax=7 X"));
	check_int("seven", g.mail_max, 7);
	check_int("five", g.rcpt_max, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
