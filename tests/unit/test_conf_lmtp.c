/* SPDX-License-Identifier: ISC */
/* tests/unit/test_conf_lmtp.c - routes by LMTP: read, printed, refused. */
#include "common/conf/conf.h"

#include <string.h>

#include "tests/unit/check.h"

/* What is read, and what is printed of it. */
static const struct {
	const char *text, *print;
} routes[] = {
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

static const struct {
	const char *text;
	unsigned int line;
	const char *error;
} errors[] = {
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

/* The last lines of the effective configuration. */
static void
check_print(const char *text, const char *want)
{
	struct conf_error error;
	struct conf c;
	struct buf out;
	const char *all;

	conf_init(&c);
	if (!conf_parse(&c, view_of(text), &error))
		fail_msg("%s: %s", text, error.text);
	buf_init(&out, 65536);
	conf_print(&c, &out);
	all = buf_string(&out);
	assert_true(strlen(all) >= strlen(want));
	check_str(text, all + strlen(all) - strlen(want), want);
	buf_free(&out);
	conf_clear(&c);
}

static void
test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(routes); i++) {
		check_print(routes[i].text, routes[i].print);
		check_print(routes[i].print, routes[i].print);
	}
}

static void
test_refused(void **state)
{
	struct conf_error error;
	struct conf c;

	(void)state;
	for (size_t i = 0; i < nitems(errors); i++) {
		conf_init(&c);
		assert_false(conf_parse(&c, view_of(errors[i].text), &error));
		check_int(errors[i].text, error.line, errors[i].line);
		check_str(errors[i].text, error.text, errors[i].error);
		conf_clear(&c);
	}
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
