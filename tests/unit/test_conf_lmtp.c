/* SPDX-License-Identifier: ISC */
/* tests/unit/test_conf_lmtp.c - routes by LMTP: read, printed, refused. */
#include "tests/unit/check_conf.h"

/* What is read, and what is printed of it. */
static const struct conf_printed routes[] = {
	{ "route domain a.example to lmtp \"/run/dovecot/lmtp\"",
	    "route domain a.example to lmtp \"/run/dovecot/lmtp\"\n" },
	{ "route local from login bob to lmtp host { a 192.0.2.1 } port 2003 "
	  "tls",
	    "route local from login \"bob\" to lmtp host { \"a\" "
	    "\"[192.0.2.1]\" } port 2003 tls verify\n" },
	{ "route any to lmtp host a login /bob password file /p",
	    "route any to lmtp host \"a\" tls verify login \"/bob\" password "
	    "file \"/p\"\n" },
	{ "route any to lmtp host a login bob token file /t",
	    "route any to lmtp host \"a\" tls verify login \"bob\" token "
	    "file \"/t\"\n" },
	{ "source s helo x.example\nroute any to lmtp host a source s",
	    "source s helo x.example\nroute any to lmtp host \"a\" source "
	    "s\n" },
};

static const struct conf_refused errors[] = {
	{ "route any to lmtp", 1,
	    "expected the path of a socket, or \"host\", found the end of "
	    "the file" },
	{ "route any to lmtp a.example", 1,
	    "expected the path of a socket, or \"host\", found "
	    "\"a.example\"" },
	{ "route any to lmtp /a@b", 1,
	    "\"/a@b\": the path of a socket has at most 107 bytes, and none "
	    "of \"@\", \"%\" and \",\"" },
	{ "route any to lmtp "
	  "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    1,
	    "\"/"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": the "
	    "path of a socket has at most 107 bytes, and none of \"@\", "
	    "\"%\" and \",\"" },
	{ "\nroute any to lmtp host a port 25", 2,
	    "port 25 is for SMTP: LMTP must not use it (RFC 2033)" },
	{ "route any to lmtp /a port 24", 1,
	    "\"port\" does not go with a socket" },
	{ "route any to lmtp /a tls", 1, "\"tls\" does not go with a socket" },
	{ "source s\nroute any to lmtp /a source s", 2,
	    "\"source\" does not go with a socket" },
	{ "route any to lmtp /a login bob password file /p", 1,
	    "\"login\" does not go with a socket" },
	{ "route any to lmtp host a tls none login bob password file /p", 1,
	    "a login needs \"tls verify\" or \"tls required\", or says "
	    "\"cleartext\"" },
};

static void
test_read(void **state)
{
	(void)state;
	check_printed(routes, nitems(routes));
}

static void
test_refused(void **state)
{
	(void)state;
	check_refused(errors, nitems(errors));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
