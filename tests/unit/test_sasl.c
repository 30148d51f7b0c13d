/* SPDX-License-Identifier: ISC */
/* tests/unit/test_sasl.c - PLAIN and LOGIN, byte for byte. */
#include "smtpd/sasl.h"

#include "tests/unit/check.h"

#include <stdio.h>

/* In hexadecimal digits a text could not hold: written as base64. */
static const struct {
	const char *label, *line;
	enum sasl_step step;
	const char *name, *password;
} plain[] = {
	{ "RFC 4616 4", "AHRpbQB0YW5zdGFhZnRhbnN0YWFm", SASL_WHOLE, "tim",
	    "tanstaaftanstaaf" },
	{ "his own name twice", "dGltAHRpbQBz", SASL_WHOLE, "tim", "s" },
	{ "UTF-8", "AMO8AMOkIA==", SASL_WHOLE, "\xc3\xbc", "\xc3\xa4 " },
	{ "for another", "Ym9iAHRpbQBz", SASL_HOPELESS, NULL, NULL },
	{ "a colon in the name", "AGE6YgBz", SASL_HOPELESS, NULL, NULL },
	{ "not UTF-8", "AP8Acw==", SASL_HOPELESS, NULL, NULL },
	{ "a line end in the name", "AGEKYgBz", SASL_HOPELESS, NULL, NULL },
	{ "nothing", "", SASL_BROKEN, NULL, NULL },
	{ "no NUL", "dGlt", SASL_BROKEN, NULL, NULL },
	{ "one NUL", "AHRpbQ==", SASL_BROKEN, NULL, NULL },
	{ "three", "AHRpbQBzAHQ=", SASL_BROKEN, NULL, NULL },
	{ "no name", "AABz", SASL_BROKEN, NULL, NULL },
	{ "no password", "AHRpbQA=", SASL_BROKEN, NULL, NULL },
	{ "not base64", "AHRpbQBz!", SASL_BROKEN, NULL, NULL },
};

static void
test_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(plain); i++) {
		struct sasl s;

		check_int("begin", sasl_begin(&s, view_of("pLaIn")), true);
		check_str("prompt", sasl_prompt(&s), "");
		check_int(plain[i].label, sasl_take(&s, view_of(plain[i].line)),
		    plain[i].step);
		if (plain[i].step != SASL_WHOLE)
			continue;
		check_str(plain[i].label, s.name, plain[i].name);
		check_str(plain[i].label, s.password, plain[i].password);
	}
}

static void
test_login(void **state)
{
	struct sasl s;

	(void)state;
	check_int("begin", sasl_begin(&s, view_of("login")), true);
	check_str("first", sasl_prompt(&s), "VXNlcm5hbWU6");
	check_int("name", sasl_take(&s, view_of("dGlt")), SASL_MORE);
	check_str("second", sasl_prompt(&s), "UGFzc3dvcmQ6");
	check_int("password", sasl_take(&s, view_of("cw==")), SASL_WHOLE);
	check_str("name", s.name, "tim");
	check_str("password", s.password, "s");
	sasl_wipe(&s);
	check_str("wiped", s.password, "");

	/* that a name can be nobody's shows only when all has been said */
	sasl_begin(&s, view_of("LOGIN"));
	check_int("odd name", sasl_take(&s, view_of("YTpi")), SASL_MORE);
	check_int("then", sasl_take(&s, view_of("cw==")), SASL_HOPELESS);
	sasl_begin(&s, view_of("LOGIN"));
	check_int("no name", sasl_take(&s, view_of("")), SASL_BROKEN);
	sasl_begin(&s, view_of("LOGIN"));
	check_int("name", sasl_take(&s, view_of("dGlt")), SASL_MORE);
	check_int("NUL", sasl_take(&s, view_of("cwBz")), SASL_HOPELESS);
}

static void
test_mechanisms(void **state)
{
	static const char *const others[] = { "", "PLAI", "PLAINS", "CRAM-MD5",
		"EXTERNAL", "SCRAM-SHA-256", "*" };
	struct sasl s;

	(void)state;
	for (size_t i = 0; i < nitems(others); i++)
		check_int(others[i], sasl_begin(&s, view_of(others[i])), false);
}

/* "A" * 4n is 3n NULs; a password of the longest length, and one more. */
static void
test_lengths(void **state)
{
	static char line[SASL_LINE_MAX];
	struct sasl s;

	(void)state;
	for (size_t n = 498; n <= 504; n += 3) {
		memset(line, 0, sizeof(line));
		memcpy(line, "AHRp", 4);
		memcpy(line + 4, "bQB4", 4); /* NUL t i m NUL x */
		for (size_t i = 0; i < n / 3; i++)
			memcpy(line + 8 + 4 * i, "eHh4", 4);
		sasl_begin(&s, view_of("PLAIN"));
		check_int("length", sasl_take(&s, view_of(line)),
		    n + 1 <= PASSWORDS_PASSWORD ? SASL_WHOLE : SASL_HOPELESS);
	}
	memset(line, 'A', sizeof(line));
	sasl_begin(&s, view_of("PLAIN"));
	check_int("as long as may be", sasl_take(&s, view_make(line, 12284)),
	    SASL_BROKEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_mechanisms),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
