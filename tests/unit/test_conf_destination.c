/* SPDX-License-Identifier: ISC */
/* tests/unit/test_conf_destination.c - limits on what goes somewhere, by its
 * name: read, printed, refused. */
#include "tests/unit/check_conf.h"

/* What is read, and what is printed of it. */
static const struct conf_printed limits[] = {
	{ "limit destination localhost messages 20 per minute",
	    "limit destination \"localhost\" messages 20 per minute\n" },
	{ "limit destination 2001:DB8::1 messages 20 per minute",
	    "limit destination \"[IPv6:2001:db8::1]\" messages 20 per "
	    "minute\n" },
	{ "limit destination mx A.example port 25 messages 20 per minute",
	    "limit destination \"mx a.example port 25\" messages 20 per "
	    "minute\n" },
	{ "route any to host { a b } port 26\n"
	  "limit destination a,B messages 20 per minute\n"
	  "limit destination \"host a,b port 26\" messages 30 per minute\n"
	  "limit destination host a,b port 26 messages 1 per hour",
	    "limit destination \"a,b\" messages 20 per minute\n"
	    "limit destination \"host a,b port 26\" messages 30 per minute\n"
	    "limit destination \"host a,b port 26\" messages 1 per hour\n"
	    "route any to host { \"a\" \"b\" } port 26\n" },
	/* the route may stand below */
	{ "limit destination /run/lmtp messages 5 per second\n"
	  "limit destination lmtp \"/run/my lmtp\" messages 5 per second\n"
	  "route local to lmtp /run/lmtp\nroute any to lmtp \"/run/my lmtp\"",
	    "limit destination \"lmtp /run/lmtp\" messages 5 per second\n"
	    "limit destination \"lmtp /run/my lmtp\" messages 5 per "
	    "second\n"
	    "route local to lmtp \"/run/lmtp\"\n"
	    "route any to lmtp \"/run/my lmtp\"\n" },
	{ "route any to host s port 587 login \"a\\\"b\" password file /p\n"
	  "limit destination \"a\\\"b@s\" messages 5 per second",
	    "limit destination \"a\\\"b@s\" messages 5 per second\n"
	    "route any to host \"s\" port 587 tls verify login \"a\\\"b\" "
	    "password file \"/p\"\n" },
};

static const struct conf_refused errors[] = {
	{ "limit destination \"a b\" messages 5 per second", 1,
	    "expected a destination such as \"mail.example.org\" or \"host "
	    "a.example,b.example port 25\", found \"a b\"" },
	{ "limit destination { a b } messages 5 per second", 1,
	    "expected a destination such as \"mail.example.org\" or \"host "
	    "a.example,b.example port 25\", found \"{\"" },
	{ "limit destination messages 5 per second", 1,
	    "expected a destination such as \"mail.example.org\" or \"host "
	    "a.example,b.example port 25\", found \"messages\"" },
	{ "limit destination \"host a.example\" messages 5 per second", 1,
	    "\"host a.example\": transport and port go together, as in \"host "
	    "mail.example.org port 25\", or both are left out" },
	{ "\nlimit destination a.example port 25 messages 5 per second", 2,
	    "\"a.example port 25\": transport and port go together, as in "
	    "\"host mail.example.org port 25\", or both are left out" },
	{ "\nlimit destination a,b messages 5 per second\n"
	  "route any to host { b a }\n",
	    2, "no route leads to \"a,b\"" },
	{ "limit destination /run/lmtp messages 5 per second", 1,
	    "no route leads to \"lmtp /run/lmtp\"" },
	{ "limit destination \"host box@a port 25\" messages 5 per second\n"
	  "route any to host a",
	    1, "no route leads to \"host box@a port 25\"" },
	{ "limit destination conections 20", 1,
	    "unknown word \"conections\": did you mean \"connections\"?" },
};

static void
test_read(void **state)
{
	(void)state;
	check_printed(limits, nitems(limits));
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
