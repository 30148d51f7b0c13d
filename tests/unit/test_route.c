/* SPDX-License-Identifier: ISC */
/* tests/unit/test_route.c - where a recipient's mail goes. */
#include "common/mail/route.h"

#include "tests/unit/check.h"

#define ANY_MX(port)                                                           \
	{                                                                      \
		ROUTE_ANY, "", 0, "", TRANSPORT_MX, "", port, 0, false, 0, 0,  \
		    0                                                          \
	}
#define ANY_HOST(host, port)                                                   \
	{                                                                      \
		ROUTE_ANY, "", 0, "", TRANSPORT_HOST, host, port, 0, false, 0, \
		    0, 0                                                       \
	}

static const struct route to_mx[] = { ANY_MX(2525) };
static const struct route satellite[] = { ANY_HOST("smtp.isp.example", 0) };
static const struct route to_literal[] = { ANY_HOST("[192.0.2.9]", 26) };
static const struct route gateway[] = {
	{ ROUTE_DOMAIN, "inside.example", 0, "", TRANSPORT_HOST, "box.lan", 24,
	    0, false, 0, 0, 0 },
	{ ROUTE_DOMAIN, "mx.example.org", 0, "", TRANSPORT_MX, "", 0, 0, false,
	    0, 0, 0 },
	ANY_MX(0),
	{ ROUTE_DOMAIN, "late.example", 0, "", TRANSPORT_HOST, "never", 1, 0,
	    false, 0, 0, 0 },
};
static const struct route local_first[] = {
	{ ROUTE_LOCAL, "", 0, "", TRANSPORT_HOST, "store.lan", 24, 0, false, 0,
	    0, 0 },
};
static const struct route local_to_mx[] = {
	{ ROUTE_LOCAL, "", 0, "", TRANSPORT_MX, "", 25, 0, false, 0, 0, 0 },
	ANY_HOST("smtp.isp.example", 0),
};

static const struct route stores[] = {
	{ ROUTE_DOMAIN, "a.example", 0, "", TRANSPORT_LMTP, "/run/lmtp", 0, 0,
	    false, 0, 0, 0 },
	{ ROUTE_DOMAIN, "b.example", 0, "", TRANSPORT_LMTP, "store.lan", 0, 0,
	    false, 0, 0, 0 },
	{ ROUTE_DOMAIN, "c.example", 0, "", TRANSPORT_LMTP, "store.lan", 2003,
	    ROUTE_TLS_REQUIRED, false, 0, 0, 0 },
	{ ROUTE_LOCAL, "", 0, "", TRANSPORT_LMTP, "/run/own", 0, 0, false, 0, 0,
	    0 },
};

#define ROWS(r) r, nitems(r)

static const struct {
	const struct route *rows;
	size_t nrows;
	const char *rcpt; /* without "@": bare */
	enum route_verdict verdict;
	enum transport transport;
	const char *host;
	int port;
} cases[] = {
	{ NULL, 0, "a@x.example", ROUTE_TO, TRANSPORT_MX, "x.example", 25 },
	{ NULL, 0, "a@mx.example.org", ROUTE_NOWHERE, 0, "", 0 },
	{ NULL, 0, "a@MX.example.ORG", ROUTE_NOWHERE, 0, "", 0 },
	{ NULL, 0, "a@localhost", ROUTE_NOWHERE, 0, "", 0 },
	{ NULL, 0, "root@mx.example.org", ROUTE_HOLD, 0, "", 0 },
	{ NULL, 0, "PostMaster@localhost", ROUTE_HOLD, 0, "", 0 },
	{ NULL, 0, "postmaster", ROUTE_HOLD, 0, "", 0 },
	{ NULL, 0, "postmaster@x.example", ROUTE_TO, TRANSPORT_MX, "x.example",
	    25 },
	{ NULL, 0, "a@sub.mx.example.org", ROUTE_TO, TRANSPORT_MX,
	    "sub.mx.example.org", 25 },
	{ NULL, 0, "a@[192.0.2.1]", ROUTE_TO, TRANSPORT_MX, "[192.0.2.1]", 25 },
	{ ROWS(to_mx), "a@x.example", ROUTE_TO, TRANSPORT_MX, "x.example",
	    2525 },
	{ ROWS(to_mx), "a@[IPv6:2001:db8::1]", ROUTE_TO, TRANSPORT_MX,
	    "[ipv6:2001:db8::1]", 2525 },
	{ ROWS(to_mx), "a@localhost", ROUTE_NOWHERE, 0, "", 0 },
	{ ROWS(to_mx), "root@localhost", ROUTE_HOLD, 0, "", 0 },
	{ ROWS(satellite), "a@x.example", ROUTE_TO, TRANSPORT_HOST,
	    "smtp.isp.example", 25 },
	{ ROWS(satellite), "a@localhost", ROUTE_TO, TRANSPORT_HOST,
	    "smtp.isp.example", 25 },
	{ ROWS(satellite), "postmaster", ROUTE_TO, TRANSPORT_HOST,
	    "smtp.isp.example", 25 },
	{ ROWS(to_literal), "a@[192.0.2.1]", ROUTE_TO, TRANSPORT_HOST,
	    "[192.0.2.9]", 26 },
	{ ROWS(gateway), "a@inside.example", ROUTE_TO, TRANSPORT_HOST,
	    "box.lan", 24 },
	{ ROWS(gateway), "a@x.inside.example", ROUTE_TO, TRANSPORT_MX,
	    "x.inside.example", 25 },
	{ ROWS(gateway), "a@late.example", ROUTE_TO, TRANSPORT_MX,
	    "late.example", 25 },
	{ ROWS(gateway), "a@mx.example.org", ROUTE_TO, TRANSPORT_MX,
	    "mx.example.org", 25 },
	{ ROWS(gateway), "a@localhost", ROUTE_NOWHERE, 0, "", 0 },
	{ ROWS(local_first), "a@localhost", ROUTE_TO, TRANSPORT_HOST,
	    "store.lan", 24 },
	{ ROWS(local_first), "a@mx.example.org", ROUTE_TO, TRANSPORT_HOST,
	    "store.lan", 24 },
	{ ROWS(local_first), "a@x.example", ROUTE_TO, TRANSPORT_MX, "x.example",
	    25 },
	{ ROWS(local_to_mx), "a@localhost", ROUTE_NOWHERE, 0, "", 0 },
	{ ROWS(stores), "a@a.example", ROUTE_TO, TRANSPORT_LMTP, "/run/lmtp",
	    0 },
	{ ROWS(stores), "a@b.example", ROUTE_TO, TRANSPORT_LMTP, "store.lan",
	    24 },
	{ ROWS(stores), "a@c.example", ROUTE_TO, TRANSPORT_LMTP, "store.lan",
	    2003 },
	{ ROWS(stores), "postmaster@localhost", ROUTE_TO, TRANSPORT_LMTP,
	    "/run/own", 0 },
	{ ROWS(stores), "a@x.example", ROUTE_TO, TRANSPORT_MX, "x.example",
	    25 },
	/* what an address says in its local part sends it nowhere else */
	{ ROWS(gateway), "\"a@inside.example\"@x.example", ROUTE_TO,
	    TRANSPORT_MX, "x.example", 25 },
	{ ROWS(gateway), "a%inside.example@x.example", ROUTE_TO, TRANSPORT_MX,
	    "x.example", 25 },
};

static void
parse(const char *text, struct mailbox *m)
{
	memset(m, 0, sizeof(*m));
	if (strchr(text, '@') == NULL)
		strlcpy(m->local, text, sizeof(m->local));
	else if (!mailbox_parse(view_of(text), m, false))
		fail_msg("%s", text);
}

static void
test_find(void **state)
{
	struct route_result r;
	struct mailbox m;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		const struct routing routing = { cases[i].rows, cases[i].nrows,
			"mx.example.org", "", NULL, 0, NULL, 0, NULL, 0 };

		parse(cases[i].rcpt, &m);
		route_find(&routing, &m, NULL, &r);
		check_int(cases[i].rcpt, r.verdict, cases[i].verdict);
		check_str(cases[i].rcpt, r.host, cases[i].host);
		if (r.verdict != ROUTE_TO)
			continue;
		check_int(cases[i].rcpt, r.transport, cases[i].transport);
		check_int(cases[i].rcpt, r.port, cases[i].port);
	}
}

static const struct {
	const char *postmaster, *rcpt, *print;
	bool replaced;
} expansions[] = {
	{ "admin@x.example", "root@localhost", "admin@x.example", true },
	{ "admin@x.example", "Postmaster@mx.example.org", "admin@x.example",
	    true },
	{ "admin@x.example", "postmaster", "admin@x.example", true },
	{ "admin@x.example", "postmaster@x.example", "postmaster@x.example",
	    false },
	{ "admin@x.example", "rooty@localhost", "rooty@localhost", false },
	{ "", "root@localhost", "root@localhost", false },
	{ "", "postmaster", "postmaster", false },
	{ "not an address", "root@localhost", "root@localhost", false },
};

static void
test_expand(void **state)
{
	char print[ADDRESS_MAX + 1];
	struct mailbox m, out;

	(void)state;
	for (size_t i = 0; i < nitems(expansions); i++) {
		const struct routing routing = { NULL, 0, "mx.example.org",
			expansions[i].postmaster, NULL, 0, NULL, 0, NULL, 0 };

		parse(expansions[i].rcpt, &m);
		check_int(expansions[i].rcpt, route_expand(&routing, &m, &out),
		    expansions[i].replaced);
		check_str(expansions[i].rcpt, mailbox_print(&out, print),
		    expansions[i].print);
	}
}

#define NONE   ROUTE_TLS_NONE
#define MAYBE  ROUTE_TLS_OPPORTUNISTIC
#define MUST   ROUTE_TLS_REQUIRED
#define VERIFY ROUTE_TLS_VERIFY

static const struct route asked[] = {
	{ ROUTE_DOMAIN, "a.example", 0, "", TRANSPORT_HOST, "box", 25, NONE,
	    false, 0, 0, 1 },
	{ ROUTE_DOMAIN, "b.example", 0, "", TRANSPORT_HOST, "box", 0, MUST,
	    true, 0, 0, 2 },
	{ ROUTE_DOMAIN, "c.example", 0, "", TRANSPORT_MX, "", 0, VERIFY, false,
	    0, 0, 3 },
	{ ROUTE_DOMAIN, "d.example", 0, "", TRANSPORT_MX, "", 0, NONE, false, 0,
	    0, 4 },
	{ ROUTE_DOMAIN, "d.example", 0, "", TRANSPORT_MX, "", 0, MUST, false, 0,
	    0, 5 },
	{ ROUTE_DOMAIN, "e.example", 0, "", TRANSPORT_HOST, "cave", 0, NONE,
	    false, 0, 0, 6 },
};

static const struct {
	enum transport transport;
	const char *host;
	uint16_t port;
	enum route_tls tls;
	bool immediate;
	uint32_t line;
} policies[] = {
	{ TRANSPORT_HOST, "BOX", 25, MUST, true, 2 }, /* the most of all */
	{ TRANSPORT_HOST, "cave", 25, NONE, false, 6 },
	{ TRANSPORT_HOST, "cave", 26, MAYBE, false, 0 }, /* no row says so */
	{ TRANSPORT_MX, "c.example", 25, VERIFY, false, 3 },
	{ TRANSPORT_MX, "d.example", 25, NONE, false, 4 }, /* the first row */
	{ TRANSPORT_MX, "x.example", 25, MAYBE, false, 0 },
	{ TRANSPORT_MX, "[192.0.2.1]", 25, MAYBE, false, 0 },
};

/* Which row it was, from 1; 0: none. */
static void
test_row(void **state)
{
	static const struct {
		const struct route *rows;
		size_t nrows;
		const char *rcpt;
		size_t row;
	} of[] = {
		{ NULL, 0, "a@x.example", 0 },
		{ ROWS(gateway), "a@inside.example", 1 },
		{ ROWS(gateway), "a@x.example", 3 },
		{ ROWS(local_first), "a@localhost", 1 },
		{ ROWS(local_first), "a@x.example", 0 },
	};
	struct route_result r;
	struct mailbox m;

	(void)state;
	for (size_t i = 0; i < nitems(of); i++) {
		const struct routing routing = { of[i].rows, of[i].nrows,
			"mx.example.org", "", NULL, 0, NULL, 0, NULL, 0 };

		parse(of[i].rcpt, &m);
		route_find(&routing, &m, NULL, &r);
		check_int(of[i].rcpt, r.row, of[i].row);
	}
}

static void
test_policy(void **state)
{
	const struct routing routing = { ROWS(asked), "mx.example.org", "",
		NULL, 0, NULL, 0, NULL, 0 };

	(void)state;
	for (size_t i = 0; i < nitems(policies); i++) {
		struct route_policy p = route_policy(&routing,
		    policies[i].transport, policies[i].host, policies[i].port);

		check_int(policies[i].host, p.tls, policies[i].tls);
		check_int(policies[i].host, p.immediate, policies[i].immediate);
		check_int(policies[i].host, p.line, policies[i].line);
	}
}

static const struct route by_origin[] = {
	{ ROUTE_DOMAIN, "x.example", ROUTE_FROM_ADDRESS, "Boss@a.example",
	    TRANSPORT_HOST, "one", 0, 0, false, 0, 0, 0 },
	{ ROUTE_ANY, "", ROUTE_FROM_DOMAIN, "a.example", TRANSPORT_HOST, "two",
	    0, 0, false, 0, 0, 0 },
	{ ROUTE_ANY, "", ROUTE_FROM_LOGIN, "bob", TRANSPORT_HOST, "three,four",
	    0, 0, false, 0, 0, 0 },
};

static const struct route_source sources[] = {
	{ "bulk", { 0 }, { 0 }, "bulk.example" },
	{ "vip", { 0 }, { 0 }, "" },
};
static const struct route_login with_source_login[] = {
	{ "b%b@x", "smtp.isp.example", 587, ROUTE_PASSWORD, false, 0, "" },
};
static const struct route with_source[] = {
	{ ROUTE_ANY, "", ROUTE_FROM_DOMAIN, "news.example", TRANSPORT_MX, "", 0,
	    ROUTE_TLS_NONE, false, 0, 1, 0 },
	{ ROUTE_DOMAIN, "y.example", ROUTE_FROM_DOMAIN, "vip.example",
	    TRANSPORT_MX, "", 0, ROUTE_TLS_VERIFY, false, 0, 0, 0 },
	{ ROUTE_DOMAIN, "z.example", 0, "", TRANSPORT_HOST, "smtp.isp.example",
	    587, ROUTE_TLS_REQUIRED, false, 1, 2, 0 },
	{ ROUTE_ANY, "", 0, "", TRANSPORT_MX, "", 0, ROUTE_TLS_OPPORTUNISTIC,
	    false, 0, 0, 0 },
};

/* A source makes a next hop of its own, with its own demands; somebody's
 * demands hold for others who send the same way. */
static void
test_source(void **state)
{
	static const struct {
		const char *sender, *rcpt, *hop, *host, *source;
		enum route_tls tls;
	} rows[] = {
		{ "a@news.example", "r@y.example", "bulk%y.example",
		    "y.example", "bulk", ROUTE_TLS_NONE },
		{ "a@vip.example", "r@y.example", "y.example", "y.example", "",
		    ROUTE_TLS_VERIFY },
		{ "a@x.example", "r@y.example", "y.example", "y.example", "",
		    ROUTE_TLS_VERIFY },
		{ "a@x.example", "r@x.example", "x.example", "x.example", "",
		    ROUTE_TLS_OPPORTUNISTIC },
		{ "a@x.example", "r@z.example", "b%b@x@vip%smtp.isp.example",
		    "smtp.isp.example", "vip", ROUTE_TLS_REQUIRED },
	};
	const struct routing routing = { ROWS(with_source), "mx.example.org",
		"", NULL, 0, with_source_login, 1, sources, nitems(sources) };
	struct route_result r;
	struct mailbox m;

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		const struct route_origin o = { rows[i].sender, NULL };
		const struct route_source *s;

		parse(rows[i].rcpt, &m);
		route_find(&routing, &m, &o, &r);
		check_str(rows[i].hop, r.host, rows[i].hop);
		check_str(rows[i].hop, route_hop_host(r.host), rows[i].host);
		s = route_hop_source(&routing, r.host);
		check_str(
		    rows[i].hop, s == NULL ? "" : s->name, rows[i].source);
		check_int(rows[i].hop,
		    route_policy(&routing, r.transport, r.host, r.port).tls,
		    rows[i].tls);
		check_int(rows[i].hop,
		    route_hop_login(&routing, r.transport, r.host, r.port),
		    r.transport == TRANSPORT_HOST ? 1 : 0);
	}
}

/* The first row that fits in both; a row for somebody's mail fits no other. */
static void
test_origin(void **state)
{
	static const struct {
		const char *sender, *login, *rcpt, *host;
	} rows[] = {
		{ "boss@A.example", NULL, "r@x.example", "one" },
		{ "boss@a.example", "bob", "r@y.example", "two" },
		{ "boss@sub.a.example", NULL, "r@y.example", "y.example" },
		{ "\"boss\"@a.example", NULL, "r@x.example", "one" },
		{ "ann@c.example", "bob", "r@x.example", "three,four" },
		{ "ann@c.example", "Bob", "r@x.example", "x.example" },
		{ "", "", "r@x.example", "x.example" },
		{ "", "bob", "r@x.example", "three,four" },
		{ NULL, NULL, "r@x.example", "x.example" },
	};
	const struct routing routing = { ROWS(by_origin), "mx.example.org", "",
		NULL, 0, NULL, 0, NULL, 0 };
	struct route_result r;
	struct mailbox m;

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		const struct route_origin o = { rows[i].sender, rows[i].login };

		parse(rows[i].rcpt, &m);
		route_find(
		    &routing, &m, rows[i].sender == NULL ? NULL : &o, &r);
		check_str(rows[i].host, r.host, rows[i].host);
	}
}

static const struct route_login logins[] = {
	{ "bob", "smtp.isp.example", 587, ROUTE_PASSWORD, false, 0, "" },
	{ "ann@x.example", "smtp.isp.example", 587, ROUTE_PASSWORD, false, 0,
	    "" },
	{ "bob", "[192.0.2.9]", 0, ROUTE_PASSWORD, false, 0, "" },
	{ "/bob", "store.example", 24, ROUTE_PASSWORD, false, 0, "" },
};
static const struct route with_login[] = {
	{ ROUTE_DOMAIN, "a.example", 0, "", TRANSPORT_HOST, "smtp.isp.example",
	    587, ROUTE_TLS_VERIFY, false, 1, 0, 0 },
	{ ROUTE_DOMAIN, "b.example", 0, "", TRANSPORT_HOST, "smtp.isp.example",
	    587, ROUTE_TLS_REQUIRED, false, 2, 0, 0 },
	{ ROUTE_DOMAIN, "c.example", 0, "", TRANSPORT_HOST, "[192.0.2.9]", 0, 0,
	    false, 3, 0, 0 },
	{ ROUTE_DOMAIN, "l.example", 0, "", TRANSPORT_LMTP, "store.example", 0,
	    ROUTE_TLS_VERIFY, false, 4, 0, 0 },
	{ ROUTE_ANY, "", 0, "", TRANSPORT_HOST, "smtp.isp.example", 587, 0,
	    false, 0, 0, 0 },
};
static const struct routing with_logins = { with_login, nitems(with_login),
	"mx.example.org", "", NULL, 0, logins, nitems(logins), NULL, 0 };

/* Each login is a next hop of its own, with its own demands. */
static void
test_logins(void **state)
{
	static const struct {
		const char *rcpt, *hop, *host;
		size_t login;
		enum route_tls tls;
	} rows[] = {
		{ "r@a.example", "bob@smtp.isp.example", "smtp.isp.example", 1,
		    ROUTE_TLS_VERIFY },
		{ "r@b.example", "ann@x.example@smtp.isp.example",
		    "smtp.isp.example", 2, ROUTE_TLS_REQUIRED },
		{ "r@c.example", "bob@[192.0.2.9]", "[192.0.2.9]", 3, 0 },
		{ "r@l.example", "/bob@store.example", "store.example", 4,
		    ROUTE_TLS_VERIFY },
		{ "r@d.example", "smtp.isp.example", "smtp.isp.example", 0, 0 },
	};
	struct route_result r;
	struct mailbox m;

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		parse(rows[i].rcpt, &m);
		route_find(&with_logins, &m, NULL, &r);
		check_str(rows[i].rcpt, r.host, rows[i].hop);
		check_str(rows[i].rcpt, route_hop_host(r.host), rows[i].host);
		check_int(rows[i].rcpt,
		    route_hop_login(&with_logins, r.transport, r.host, r.port),
		    rows[i].login);
		check_int(rows[i].rcpt,
		    route_policy(&with_logins, r.transport, r.host, r.port).tls,
		    rows[i].tls);
	}
	check_int("another port",
	    route_hop_login(
		&with_logins, TRANSPORT_HOST, "bob@smtp.isp.example", 25),
	    0);
	check_int("a socket",
	    hop_is_socket(TRANSPORT_LMTP, "/bob@store.example"), false);
	check_int("by MX",
	    route_hop_login(
		&with_logins, TRANSPORT_MX, "bob@smtp.isp.example", 587),
	    0);
	check_int("half a name",
	    route_hop_login(
		&with_logins, TRANSPORT_HOST, "bo@smtp.isp.example", 587),
	    0);
}

/* A socket is known by the place of a row that leads there, and by nothing
 * that an address or a login could be. */
static void
test_sockets(void **state)
{
	const struct routing routing = { ROWS(stores), "mx.example.org", "",
		NULL, 0, NULL, 0, NULL, 0 };

	(void)state;
	assert_int_equal(route_socket(&routing, "/run/lmtp"), 1);
	assert_int_equal(route_socket(&routing, "/run/own"), 4);
	assert_int_equal(route_socket(&routing, "/RUN/own"), 0);
	assert_int_equal(route_socket(&routing, "/run"), 0);
	assert_int_equal(route_socket(&routing, "store.lan"), 0);
	assert_true(hop_is_socket(TRANSPORT_LMTP, "/run/lmtp"));
	assert_false(hop_is_socket(TRANSPORT_LMTP, "store.lan"));
	assert_false(hop_is_socket(TRANSPORT_HOST, "/run/lmtp"));
	assert_string_equal(route_hop_host("/run/lmtp"), "/run/lmtp");
	assert_int_equal(
	    route_policy(&routing, TRANSPORT_LMTP, "store.lan", 2003).tls,
	    ROUTE_TLS_REQUIRED);
	assert_int_equal(
	    route_policy(&routing, TRANSPORT_LMTP, "/run/lmtp", 0).tls,
	    ROUTE_TLS_NONE);
	assert_string_equal(transport_word(TRANSPORT_LMTP), "lmtp");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_row),
		cmocka_unit_test(test_logins),
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
