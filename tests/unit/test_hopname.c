/* SPDX-License-Identifier: ISC */
/* tests/unit/test_hopname.c - next hops as people name them. */
#include "common/mail/hopname.h"

#include <string.h>

#include "common/conf/conf.h"
#include "tests/unit/check.h"

/* What is printed is read as the same: so the second column is tried too. */
static const struct {
	const char *text, *shown;
	bool whole;
} good[] = {
	{ "example.org", "example.org", false },
	{ "Example.ORG.", "example.org", false },
	{ "b\xc3\xbc"
	  "cher.example",
	    "xn--bcher-kva.example", false },
	{ "mx example.org port 25", "mx example.org port 25", true },
	{ "mx [192.0.2.1] port 25", "mx [192.0.2.1] port 25", true },
	{ "mx example.org", "mx example.org", false },
	{ "example.org port 26", "example.org port 26", false },
	{ "mx", "mx", false },
	{ "host", "host", false },
	{ "mx mx port 25", "mx mx port 25", true },
	{ "192.0.2.1", "[192.0.2.1]", false },
	{ "2001:DB8::1", "[IPv6:2001:db8::1]", false },
	{ "host a.example,[192.0.2.1] port 587",
	    "host a.example,[192.0.2.1] port 587", true },
	{ "A.example,192.0.2.1,b.example.", "a.example,[192.0.2.1],b.example",
	    false },
	{ "a,b,c,d,e", "a,b,c,d,e", false },
	{ "host box17@smtp.example port 465",
	    "host box17@smtp.example port 465", true },
	{ "host a@example.org@x,y port 587", "host a@example.org@x,y port 587",
	    true },
	{ "Box 17@smtp.example", "Box 17@smtp.example", false },
	{ "host box port 5@a.example port 25",
	    "host box port 5@a.example port 25", true },
	{ "box port 5@a.example", "box port 5@a.example", false },
	{ "host /x,%@a.example port 25", "host /x,%@a.example port 25", true },
	{ "host box@bulk%a.example,b.example port 25",
	    "host box@bulk%a.example,b.example port 25", true },
	{ "mx bulk-2%example.org port 25", "mx bulk-2%example.org port 25",
	    true },
	{ "lmtp store.lan port 24", "lmtp store.lan port 24", true },
	{ "lmtp box@a.example port 24", "lmtp box@a.example port 24", true },
	{ "/run/dovecot/lmtp", "lmtp /run/dovecot/lmtp", true },
	{ "lmtp /run/My Store/lmtp", "lmtp /run/My Store/lmtp", true },
	{ "lmtp /run/x port 24", "lmtp /run/x port 24", true },
};

static void
test_good(void **state)
{
	char text[HOPNAME_MAX + 1];
	struct hopname h;

	(void)state;
	for (size_t i = 0; i < nitems(good); i++) {
		if (!hopname_parse(view_of(good[i].text), &h))
			fail_msg("%s: refused", good[i].text);
		check_str(good[i].text, hopname_print(&h, text), good[i].shown);
		check_int(good[i].text, hopname_whole(&h), good[i].whole);
		if (!hopname_parse(view_of(good[i].shown), &h))
			fail_msg("%s: refused", good[i].shown);
		check_str(
		    good[i].shown, hopname_print(&h, text), good[i].shown);
	}
}

static const char *const bad[] = { "", " ", "a b", "a.example b.example", "a,",
	",a", "a,,b", "a,b,c,d,e,f", "a, b", "@a.example", "a.example port 0",
	"a.example port 65536", "a.example port smtp", "a.example port",
	"port 25", "tcp a.example port 25", "mx a.example,b.example port 25",
	"mx box@a.example port 25", "host /run/x port 24", "mx /run/x", "/",
	"/run/a,b", "%a.example", "Bulk%a.example", "a b%a.example", "box@",
	"bulk%", "a.example\n", "box\x01@a.example", "host  a.example port 25",
	"1.2.3", "[1.2.3.4", "host a.example  port 25" };

static void
test_bad(void **state)
{
	struct hopname h;
	char longest[DOMAIN_MAX + 8];

	(void)state;
	for (size_t i = 0; i < nitems(bad); i++)
		if (hopname_parse(view_of(bad[i]), &h))
			fail_msg("%s: taken", bad[i]);
	/* a login and its host have 255 bytes together, a path 107 */
	memset(longest, 'u', sizeof(longest));
	memcpy(longest + 246, "@a.example", 11);
	assert_false(hopname_parse(view_of(longest), &h));
	assert_true(hopname_parse(view_of(longest + 1), &h));
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	assert_true(hopname_parse(view_make(longest, ROUTE_SOCKET_MAX), &h));
	assert_false(
	    hopname_parse(view_make(longest, ROUTE_SOCKET_MAX + 1), &h));
	memcpy(longest + ROUTE_SOCKET_MAX - 6, " port 2", 7);
	assert_false(
	    hopname_parse(view_make(longest, ROUTE_SOCKET_MAX + 1), &h));
}

static const char routes[] =
    "source bulk address 192.0.2.25\n"
    "route domain s.example to lmtp /run/lmtp\n"
    "route domain l.example to lmtp host { x.lan y.lan }\n"
    "route domain h.example to host { A.lan [192.0.2.1] } port 26\n"
    "route domain u.example to host s.lan port 587 login box "
    "password file /p\n"
    "route domain b.example to mx source bulk\n"
    "route any from domain n.example to mx source bulk\n";

static const struct {
	const char *name;
	bool routed;
} known[] = {
	/* may be met at any time, by MX or as an exchanger */
	{ "example.org", true },
	{ "mx example.org port 25", true },
	{ "[192.0.2.9]", true },
	/* routes alone give these */
	{ "/run/lmtp", true },
	{ "/run/lmtp2", false },
	{ "x.lan,y.lan", true },
	{ "lmtp x.lan,y.lan port 24", true },
	{ "lmtp x.lan,y.lan port 26", false },
	{ "host x.lan,y.lan port 24", false },
	{ "y.lan,x.lan", false },
	{ "x.lan,y.lan,z.lan", false },
	{ "a.lan,192.0.2.1", true },
	{ "host a.lan,192.0.2.1 port 26", true },
	{ "host a.lan,192.0.2.1 port 25", false },
	{ "host a.lan port 26", false },
	{ "host box@s.lan port 587", true },
	{ "box@s.lan", true },
	{ "boy@s.lan", false },
	/* one next hop, and that one has a login */
	{ "host s.lan port 587", false },
	{ "mx bulk%other.example port 25", true },
	{ "bulk%b.example", true },
	{ "host bulk%b.example port 25", false },
	{ "bull%b.example", false },
};

static void
test_routed(void **state)
{
	struct conf conf;
	struct conf_error error;
	struct routing routing;
	struct hopname h;

	(void)state;
	conf_init(&conf);
	if (!conf_parse(&conf, view_of(routes), &error))
		fail_msg("%u: %s", error.line, error.text);
	routing = conf_routing(&conf);
	for (size_t i = 0; i < nitems(known); i++) {
		if (!hopname_parse(view_of(known[i].name), &h))
			fail_msg("%s: refused", known[i].name);
		check_int(known[i].name, hopname_routed(&routing, &h),
		    known[i].routed);
	}
	/* every next hop of a route is one, as it is shown */
	for (size_t i = 0; i < routing.nrows; i++) {
		const struct route *row = &routing.rows[i];
		char shown[HOPNAME_MAX + 1], again[HOPNAME_MAX + 1];

		h.transport = row->transport;
		h.port = route_port(row);
		assert_true(route_next_hop(&routing, row, row->domain, h.host));
		hopname_print(&h, shown);
		if (i < 5 && !hopname_routed(&routing, &h))
			fail_msg("%s: no route", shown);
		if (row->domain[0] == '\0')
			continue;
		if (!hopname_parse(view_of(shown), &h))
			fail_msg("%s: refused", shown);
		check_str("again", hopname_print(&h, again), shown);
	}
	conf_clear(&conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_routed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
