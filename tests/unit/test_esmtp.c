/* SPDX-License-Identifier: ISC */
/* tests/unit/test_esmtp.c - the shape of MAIL and RCPT parameters. */
#include "common/mail/esmtp.h"

#include <stdio.h>

#include "tests/unit/check.h"

/* Printed as "KEY=value|KEY|", and "BAD" or "END". */
static const struct {
	const char *rest;
	const char *want;
} cases[] = {
	{ "", "END" },
	{ " ", "END" },
	{ "    ", "END" },
	{ " SIZE=1000", "SIZE=1000|END" },
	{ " SIZE=1000 BODY=8BITMIME", "SIZE=1000|BODY=8BITMIME|END" },
	{ "  size=1   body=7bit  ", "size=1|body=7bit|END" },
	{ " SMTPUTF8", "SMTPUTF8|END" },
	{ " SMTPUTF8 X-A-B=c", "SMTPUTF8|X-A-B=c|END" },
	{ " ORCPT=rfc822;a+2Bb@c", "ORCPT=rfc822;a+2Bb@c|END" },
	{ " 8BIT=<>!~", "8BIT=<>!~|END" },
	{ "SIZE=1", "BAD" },
	{ "x", "BAD" },
	{ ">", "BAD" },
	{ "\tSIZE=1", "BAD" },
	{ " SIZE=", "BAD" },
	{ " =1", "BAD" },
	{ " -A=1", "BAD" },
	{ " A_B=1", "BAD" },
	{ " A=1=2", "BAD" },
	{ " A==", "BAD" },
	{ " A = 1", "A|BAD" },
	{ " A=1\tB=2", "BAD" },
	{ " A=1 \r\nB=2", "A=1|BAD" },
	{ " A=\x7f", "BAD" },
	{ " A=\xc3\xa4", "BAD" },
	{ " \xc3\xa4=1", "BAD" },
	{ " <a@b>", "BAD" },
};

static void
print_all(struct view rest, char *out, size_t size)
{
	struct view keyword, value;
	bool has_value;
	enum esmtp e;
	size_t n = 0;

	while ((e = esmtp_next(&rest, &keyword, &value, &has_value)) ==
	       ESMTP_PARAM)
		n += (size_t)snprintf(out + n, size - n, "%.*s%s%.*s|",
		    (int)keyword.len, keyword.data, has_value ? "=" : "",
		    (int)value.len, value.data);
	snprintf(out + n, size - n, "%s", e == ESMTP_END ? "END" : "BAD");
}

static void
test_parameters(void **state)
{
	char got[256];

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		print_all(view_of(cases[i].rest), got, sizeof(got));
		check_str(cases[i].rest, got, cases[i].want);
	}
	print_all(view_make(" A=\0", 4), got, sizeof(got));
	check_str("NUL", got, "BAD");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
