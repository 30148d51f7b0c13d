/* SPDX-License-Identifier: ISC */
/* tests/unit/test_explanation.c - what would become of mail, to be read. */
#include "tools/explanation.h"

#include "common/ipc/msg_resolve.h"
#include "common/mail/route.h"
#include "common/mail/status.h"
#include "tests/unit/check.h"

#include <string.h>

static const struct msg_explain_route route = { .verdict = ROUTE_TO,
	.transport = TRANSPORT_MX,
	.port = 25,
	.login = 1,
	.line = 7,
	.address = "a@x.example",
	.host = "x.example",
	.user = "bob",
	.rule = "route any to mx" };
static const struct msg_explain_state asleep = { .known = 1,
	.counted = 1,
	.failures = 2,
	.window = 4,
	.open = 1,
	.waiting = 3,
	.not_before = 300000,
	.next_try = 300000,
	.suspended = INT64_MAX,
	.server = "mx.x.example",
	.server_window = 5,
	.server_open = 2,
	.reason = "they asked",
	.error = "451 4.4.1 refused\033[2J" };
static const struct msg_explain_rate rate = { 100, 60, "x.example" };
static const struct msg_explain_way way = { .tls = ROUTE_TLS_OPPORTUNISTIC,
	.dane = 1,
	.mx = ANSWER_FOUND,
	.secure = SECURE_ALL,
	.validates = 1,
	.family4 = 4,
	.bytes4 = { 192, 0, 2, 1 },
	.source = "vip",
	.helo = "us.example" };
static const struct msg_explain_host host = { .preference = 10,
	.answer = ANSWER_FOUND,
	.secure = SECURE_ALL,
	.host = "mx.x.example",
	.alias = "real.x.example" };
static const struct msg_explain_server server = { .family = 4,
	.bytes = { 192, 0, 2, 2 },
	.port = 25,
	.secure = SECURE_ALL,
	.tls = ROUTE_TLS_REQUIRED,
	.dane = PROBE_DANE_USABLE,
	.host = "mx.x.example",
	.name = "real.x.example" };
static const struct msg_explain_tlsa tlsa = { 3, 1, 1, "c0ffee", "" };
static const struct msg_explain_tlsa flawed = { 1, 0, 1, "ab",
	"not a usage for mail" };
static const struct msg_explain_session session = { .family = 4,
	.bytes = { 192, 0, 2, 2 },
	.port = 25,
	.verdict = VERDICT_LATER,
	.smtp = 451,
	.subject = 7,
	.detail = 5,
	.host = "mx.x.example",
	.text = "no TLS",
	.greeting = "hello\033[2J",
	.clear = "STARTTLS\nSIZE 0" };
static const struct msg_explain_end later = { .verdict = VERDICT_LATER,
	.smtp = 451,
	.subject = 7,
	.detail = 5,
	.text = "no TLS" };

static const struct {
	const struct ipc_type *type;
	const void *msg;
} all[] = {
	{ &msg_explain_route, &route },
	{ &msg_explain_state, &asleep },
	{ &msg_explain_rate, &rate },
	{ &msg_explain_way, &way },
	{ &msg_explain_host, &host },
	{ &msg_explain_server, &server },
	{ &msg_explain_tlsa, &tlsa },
	{ &msg_explain_tlsa, &flawed },
	{ &msg_explain_session, &session },
	{ &msg_explain_end, &later },
};

static struct explanation x;
static struct buf out;

static const char *
tell(void (*how)(const struct explanation *, struct buf *))
{
	buf_free(&out);
	buf_init(&out, 65536);
	how(&x, &out);
	return buf_string(&out);
}

static int
forget(void **state)
{
	(void)state;
	memset(&x, 0, sizeof(x));
	x.connect = true;
	return 0;
}

static void
gather(void)
{
	for (size_t i = 0; i < nitems(all); i++)
		assert_true(explanation_take(&x, all[i].type, all[i].msg));
}

static void
test_text(void **state)
{
	(void)state;
	gather();
	assert_string_equal(tell(explanation_text),
	    "address     a@x.example\n"
	    "route       line 7: route any to mx\n"
	    "next hop    x.example port 25, by its exchangers\n"
	    "login       as bob\n"
	    "source      vip: 192.0.2.1, EHLO us.example\n"
	    "TLS         opportunistic, by default; DANE counts\n"
	    "exchangers  found; secure\n"
	    "     10 mx.x.example = real.x.example: addresses secure\n"
	    "servers, in the order in which they are tried\n"
	    "  1. 192.0.2.2 port 25 mx.x.example: TLS required for "
	    "real.x.example; DANE usable\n"
	    "     TLSA 3 1 1 c0ffee\n"
	    "     TLSA 1 0 1 ab: does not count, not a usage for mail\n"
	    "state       suspended until it is resumed: they asked\n"
	    "state       backs off for 5m, until 1970-01-01T00:05:00Z, after "
	    "2 failures\n"
	    "last error  451 4.4.1 refused\\x1b[2J\n"
	    "deliveries  1 of 4 under way, 3 waiting\n"
	    "next try    1970-01-01T00:05:00Z\n"
	    "by server   mx.x.example, 2 of 5 under way\n"
	    "limit       x.example: 100 in 60 seconds\n"
	    "connected   192.0.2.2 port 25: 451 4.7.5 no TLS\n"
	    "    greeting    hello\\x1b[2J\n"
	    "    offers      STARTTLS,SIZE 0\n"
	    "so          later: 451 4.7.5 no TLS\n");
}

static void
test_json(void **state)
{
	(void)state;
	gather();
	assert_string_equal(tell(explanation_json),
	    "{\"verdict\":\"later\",\"smtp\":451,\"status\":\"4.7.5\","
	    "\"text\":\"no TLS\","
	    "\"route\":{\"address\":\"a@x.example\",\"line\":7,"
	    "\"rule\":\"route any to mx\",\"transport\":\"mx\","
	    "\"host\":\"x.example\",\"port\":25,\"login\":true,"
	    "\"user\":\"bob\"},"
	    "\"state\":{\"known\":true,\"failures\":2,"
	    "\"not_before\":\"1970-01-01T00:05:00Z\","
	    "\"suspended\":\"forever\",\"reason\":\"they asked\","
	    "\"window\":4,\"open\":1,\"waiting\":3,"
	    "\"next_try\":\"1970-01-01T00:05:00Z\","
	    "\"error\":\"451 4.4.1 refused\\u001b[2J\","
	    "\"server\":\"mx.x.example\",\"server_window\":5,"
	    "\"server_open\":2,\"limits\":[{\"count\":100,\"seconds\":60,"
	    "\"name\":\"x.example\"}]},"
	    "\"way\":{\"tls\":\"opportunistic\",\"immediate\":false,"
	    "\"line\":0,\"dane\":true,"
	    "\"source\":\"vip\",\"ipv4\":\"192.0.2.1\",\"ipv6\":\"\","
	    "\"helo\":\"us.example\",\"validates\":true,"
	    "\"exchangers\":\"found\",\"dnssec\":\"secure\","
	    "\"implicit\":false},"
	    "\"hosts\":[{\"preference\":10,\"host\":\"mx.x.example\","
	    "\"alias\":\"real.x.example\",\"addresses\":\"found\","
	    "\"dnssec\":\"secure\",\"ours\":false,\"refused\":false}],"
	    "\"servers\":[{\"port\":25,\"ip\":\"192.0.2.2\","
	    "\"host\":\"mx.x.example\",\"name\":\"real.x.example\","
	    "\"dnssec\":\"secure\",\"tls\":\"required\",\"clear\":false,"
	    "\"dane\":\"usable\",\"text\":\"\",\"tlsa\":["
	    "{\"usage\":3,\"selector\":1,\"matching\":1,"
	    "\"data\":\"c0ffee\",\"counts\":true,\"flaw\":\"\"},"
	    "{\"usage\":1,\"selector\":0,\"matching\":1,\"data\":\"ab\","
	    "\"counts\":false,\"flaw\":\"not a usage for mail\"}]}],"
	    "\"sessions\":[{\"port\":25,\"ip\":\"192.0.2.2\","
	    "\"host\":\"mx.x.example\",\"verdict\":\"later\","
	    "\"smtp\":451,\"status\":\"4.7.5\",\"text\":\"no TLS\","
	    "\"greeting\":\"hello\\u001b[2J\","
	    "\"offers_clear\":[\"STARTTLS\",\"SIZE 0\"],\"tls\":\"\","
	    "\"offers_tls\":[]}]}\n");
}

/* Several are meant, more than are shown; a UNIX socket has no port. */
static void
test_names(void **state)
{
	const struct msg_explain_name name = { "b@x.example" };
	const struct msg_explain_end end = {
		.names = 3, .verdict = VERDICT_DONE, .smtp = 250
	};

	(void)state;
	assert_true(explanation_take(&x, &msg_explain_name, &name));
	assert_true(explanation_take(&x, &msg_explain_name, &name));
	assert_true(explanation_take(&x, &msg_explain_end, &end));
	assert_string_equal(tell(explanation_text), "meant       b@x.example\n"
						    "            b@x.example\n"
						    "            and 1 more\n"
						    "so          go\n");
}

static void
test_socket(void **state)
{
	const struct msg_explain_server path = { .host = "/run/lmtp" };

	(void)state;
	assert_true(explanation_take(&x, &msg_explain_server, &path));
	assert_string_equal(tell(explanation_text),
	    "servers, in the order in which they are tried\n"
	    "  1. /run/lmtp: TLS none; DANE off\n");
}

/* What a login there is proved by, and until when. */
static void
test_secrets(void **state)
{
	static const struct {
		enum probe_login login;
		int64_t expires;
		const char *text, *json;
	} rows[] = {
		{ PROBE_NO_LOGIN, 0, "TLS  ", "\"dane\":false,\"source\"" },
		{ PROBE_PASSWORD, 0, "\npassword    has been read\n",
		    ",\"credential\":\"password\",\"credential_read\":true,"
		    "\"source\"" },
		{ PROBE_NO_PASSWORD, 0, "\npassword    none: see the log\n",
		    ",\"credential\":\"password\",\"credential_read\":false,"
		    "\"source\"" },
		{ PROBE_TOKEN, 0,
		    "\ntoken       has been read, until when is not known\n",
		    ",\"credential\":\"token\",\"credential_read\":true,"
		    "\"expires\":null,\"source\"" },
		{ PROBE_TOKEN, 1795903803000,
		    "\ntoken       good for 1m, until 2026-11-28T22:10:03Z\n",
		    ",\"credential\":\"token\",\"credential_read\":true,"
		    "\"expires\":\"2026-11-28T22:10:03Z\",\"source\"" },
		{ PROBE_TOKEN, 1000,
		    "\ntoken       expired at 1970-01-01T00:00:01Z\n",
		    "\"expires\":\"1970-01-01T00:00:01Z\"" },
		{ PROBE_NO_TOKEN, 0, "\ntoken       none: see the log\n",
		    ",\"credential\":\"token\",\"credential_read\":false,"
		    "\"source\"" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		struct msg_explain_way m = { .login = (uint8_t)rows[i].login,
			.expires = rows[i].expires };

		memset(&x, 0, sizeof(x));
		x.now = 1795903803000 - 60000;
		assert_true(explanation_take(&x, &msg_explain_way, &m));
		if (strstr(tell(explanation_text), rows[i].text) == NULL)
			fail_msg("%s: %s", rows[i].text, buf_string(&out));
		if (strstr(tell(explanation_json), rows[i].json) == NULL)
			fail_msg("%s: %s", rows[i].json, buf_string(&out));
	}
}

/* More than there can be, records of nobody, numbers that mean nothing. */
static void
test_nonsense(void **state)
{
	size_t n = 0;

	(void)state;
	assert_false(explanation_take(&x, &msg_explain_tlsa, &tlsa));
	while (n < 1000 && explanation_take(&x, &msg_explain_server, &server))
		n++;
	check_int("servers", n, EXPLAIN_SERVERS_MAX);
	for (n = 0; n < 1000; n++)
		if (!explanation_take(&x, &msg_explain_tlsa, &tlsa))
			break;
	check_int("records", n, EXPLAIN_TLSAS_MAX);
	assert_true(explanation_take(&x, &msg_explain_route, &route));
	assert_false(explanation_take(&x, &msg_explain_route, &route));
	assert_false(explanation_take(&x, &msg_probe, &route));
	assert_string_equal(explanation_tls(77), "unknown");
	assert_string_equal(explanation_dane(77), "unknown");
	assert_string_equal(explanation_secure(77, true), "unknown");
	assert_string_equal(
	    explanation_secure(SECURE_NO, false), "not validated");
	assert_string_equal(explanation_answer(77), "unknown");
	assert_string_equal(explanation_verdict(3), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_text, forget),
		cmocka_unit_test_setup(test_json, forget),
		cmocka_unit_test_setup(test_names, forget),
		cmocka_unit_test_setup(test_socket, forget),
		cmocka_unit_test_setup(test_secrets, forget),
		cmocka_unit_test_setup(test_nonsense, forget),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&out);
	return failed;
}
