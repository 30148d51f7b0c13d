/* SPDX-License-Identifier: ISC */
/* tests/unit/test_explain_tell.c - what queue itself says of mail. */
#include "queue/explain_tell.h"

#include "tests/unit/check.h"

#include <string.h>

static const char text[] =
    "hostname \"us.example\"\n"
    "limit destination \"x.example\" messages 100 per minute\n"
    "limit destination \"mx.x.example\" messages 10 per second\n"
    "route domain box.example to host box.lan port 26 tls verify\n"
    "\n"
    "route domain far.example to host isp.example tls required login \"bob\""
    " password file \"/secret\"\n"
    "route domain list.example to host { a.lan b.lan }\n"
    "limit destination \"host a.lan,b.lan port 25\" messages 1 per hour\n";

static struct conf conf;

static int
read_conf(void **state)
{
	struct conf_error e;

	(void)state;
	conf_init(&conf);
	return conf_parse(&conf, view_of(text), &e) ? 0 : -1;
}

static int
forget_conf(void **state)
{
	(void)state;
	conf_clear(&conf);
	return 0;
}

static struct msg_explain_route
route(const char *address, bool operator_)
{
	const struct routing routing = conf_routing(&conf);
	struct msg_explain_route m;
	struct route_result to;
	struct mailbox box;

	assert_true(mailbox_parse(view_of(address), &box, true));
	route_find(&routing, &box, NULL, &to);
	explain_tell_route(&m, &conf, &box, &to, operator_);
	return m;
}

static void
test_route(void **state)
{
	struct msg_explain_route m = route("a@box.example", true);

	(void)state;
	check_int("verdict", m.verdict, ROUTE_TO);
	check_int("line", m.line, 4);
	check_str("rule", m.rule,
	    "route domain box.example to host \"box.lan\" port 26 tls verify");
	check_str("host", m.host, "box.lan");
	check_int("port", m.port, 26);
	check_int("login", m.login, 0);
	m = route("a@other.example", true);
	check_int("line", m.line, 0);
	check_str("rule", m.rule, "");
	check_str("host", m.host, "other.example");
	check_int(
	    "verdict", route("a@us.example", true).verdict, ROUTE_NOWHERE);
}

/* A login is told, its user to operators alone, its file to nobody. */
static void
test_login(void **state)
{
	struct msg_explain_route m = route("a@far.example", true);

	(void)state;
	check_int("line", m.line, 6);
	check_str("rule", m.rule,
	    "route domain far.example to host \"isp.example\" tls required");
	check_str("host", m.host, "isp.example");
	check_str("user", m.user, "bob");
	check_int("login", m.login, 1);
	m = route("a@far.example", false);
	check_str("host", m.host, "isp.example");
	check_str("user", m.user, "");
	check_int("login", m.login, 1);
}

static const struct store_destination row = { .known = true,
	.not_before = 500,
	.suspended = 900,
	.next_try = 400,
	.failures = 3,
	.waiting = 7,
	.error = (char *)(uintptr_t) "refused",
	.reason = (char *)(uintptr_t) "they asked" };

/* By its row, while it is not in memory. */
static void
test_row(void **state)
{
	struct msg_explain_state m;

	(void)state;
	explain_tell_state(&m, NULL, &row, 100, true);
	check_int("known", m.known, 1);
	check_int("not before", m.not_before, 500);
	check_int("next try", m.next_try, 500);
	check_int("failures", m.failures, 3);
	check_int("waiting", m.waiting, 7);
	check_int("window", m.window, SCHEDULE_WINDOW_START);
	check_str("error", m.error, "refused");
	check_str("reason", m.reason, "they asked");
	explain_tell_state(&m, NULL, &row, 1000, true);
	check_str("reason", m.reason, "");
}

/* What is in memory is newer; what is fresh has no waiting row. */
static void
test_memory(void **state)
{
	const struct destination d = { .window = 9,
		.nopen = 2,
		.ngroups = 6,
		.nloaded = 5,
		.failures = 1,
		.not_before = 300 };
	const struct store_destination none = { 0 };
	struct msg_explain_state m;

	(void)state;
	explain_tell_state(&m, &d, &row, 100, true);
	check_int("open", m.open, 2);
	check_int("window", m.window, 9);
	check_int("waiting", m.waiting, 7 + 1 - 2);
	check_int("not before", m.not_before, 300);
	check_int("failures", m.failures, 1);
	check_int("suspended", m.suspended, 0);
	explain_tell_state(&m, NULL, &none, 100, true);
	check_int("known", m.known, 0);
}

/* Users see when, and nothing of the mail of others. */
static void
test_user(void **state)
{
	struct msg_explain_state m;

	(void)state;
	explain_tell_state(&m, NULL, &row, 100, false);
	check_int("not before", m.not_before, 500);
	check_int("counted", m.counted, 0);
	check_int("waiting", m.waiting, 0);
	check_int("next try", m.next_try, 0);
	check_str("error", m.error, "");
}

static bool
rate(struct msg_explain_rate *m, enum transport transport, const char *hop,
    uint16_t port, const char *server, size_t n)
{
	struct route_result to = { .transport = transport, .port = port };

	(void)strlcpy(to.host, hop, sizeof(to.host));
	return explain_tell_rate(m, &conf, &to, server, n);
}

static void
test_rates(void **state)
{
	struct msg_explain_rate m;

	(void)state;
	assert_true(rate(&m, TRANSPORT_MX, "vip%x.example", 25, "", 0));
	check_str("name", m.name, "x.example");
	check_int("count", m.count, 100);
	check_int("seconds", m.seconds, 60);
	assert_false(rate(&m, TRANSPORT_MX, "x.example", 25, "", 1));
	assert_true(rate(&m, TRANSPORT_MX, "x.example", 25, "mx.x.example", 1));
	check_str("name", m.name, "mx.x.example");
	assert_false(
	    rate(&m, TRANSPORT_MX, "x.example", 25, "mx.x.example", 2));
	assert_false(rate(&m, TRANSPORT_MX, "y.example", 25, "", 0));
	/* of a whole destination */
	assert_true(rate(&m, TRANSPORT_HOST, "a.lan,b.lan", 25, "", 0));
	check_str("name", m.name, "host a.lan,b.lan port 25");
	assert_false(rate(&m, TRANSPORT_HOST, "a.lan,b.lan", 26, "", 0));
	assert_false(rate(&m, TRANSPORT_LMTP, "a.lan,b.lan", 25, "", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_route),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_row),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_rates),
	};

	return cmocka_run_group_tests(tests, read_conf, forget_conf);
}
