/* SPDX-License-Identifier: ISC */
/* tests/unit/test_explain_sound.c - what an answer may say, and when. */
#include "queue/explain_sound.h"

#include "common/ipc/msg_explain.h"
#include "common/ipc/msg_resolve.h"
#include "common/mail/route.h"
#include "common/mail/status.h"
#include "tests/unit/check.h"

#include <string.h>

static const struct msg_explain_route route = {
	.verdict = ROUTE_TO, .transport = TRANSPORT_MX, .host = "x.example"
};
static const struct msg_explain_rate rate = { 1, 60, "x.example" };
static const struct msg_explain_server server = { .family = 4 };
static const struct msg_explain_session session = {
	.family = 6, .verdict = VERDICT_DONE, .smtp = 250
};
static const struct msg_explain_end fine = { .verdict = VERDICT_DONE,
	.smtp = 250 };

/* An empty one of every kind, but for those above. */
static const union {
	struct msg_explain_name name;
	struct msg_explain_state state;
	struct msg_explain_way way;
	struct msg_explain_host host;
	struct msg_explain_tlsa tlsa;
} empty;

struct said {
	const struct ipc_type *type;
	const void *msg;
};

#define ROUTE                                                                  \
	{                                                                      \
		&msg_explain_route, &route                                     \
	}
#define RATE                                                                   \
	{                                                                      \
		&msg_explain_rate, &rate                                       \
	}
#define WAY                                                                    \
	{                                                                      \
		&msg_explain_way, &empty                                       \
	}
#define HOST                                                                   \
	{                                                                      \
		&msg_explain_host, &empty                                      \
	}
#define SERVER                                                                 \
	{                                                                      \
		&msg_explain_server, &server                                   \
	}
#define TLSA                                                                   \
	{                                                                      \
		&msg_explain_tlsa, &empty                                      \
	}
#define SESSION                                                                \
	{                                                                      \
		&msg_explain_session, &session                                 \
	}
#define END                                                                    \
	{                                                                      \
		&msg_explain_end, &fine                                        \
	}
#define NAME                                                                   \
	{                                                                      \
		&msg_explain_name, &empty                                      \
	}
#define STATE                                                                  \
	{                                                                      \
		&msg_explain_state, &empty                                     \
	}

static const struct {
	const char *what;
	size_t sound; /* the first so many; the next is refused */
	struct said said[12];
} cases[] = {
	{ "all, in order", 12,
	    { NAME, ROUTE, STATE, RATE, WAY, HOST, SERVER, TLSA, SERVER,
		SESSION, SESSION, END } },
	{ "the end alone", 1, { END } },
	{ "two ends", 1, { END, END } },
	{ "something behind it", 1, { END, HOST } },
	{ "two routes", 1, { ROUTE, ROUTE } },
	{ "two ways", 1, { WAY, WAY } },
	{ "a host without a way", 1, { ROUTE, HOST } },
	{ "a server without a way", 0, { SERVER } },
	{ "a session without a way", 0, { SESSION } },
	{ "a way behind a host", 2, { WAY, HOST, WAY } },
	{ "a host behind a server", 3, { WAY, HOST, SERVER, HOST } },
	{ "records of nobody", 1, { WAY, TLSA } },
	{ "records behind a session", 3, { WAY, SERVER, SESSION, TLSA } },
	{ "a server behind a session", 3, { WAY, SERVER, SESSION, SERVER } },
	{ "three limits", 2, { RATE, RATE, RATE } },
	{ "another type", 1, { ROUTE, { &msg_probe, &empty } } },
};

static void
test_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct explain_seen seen = { .connect = true };
		size_t n = 0;

		while (n < nitems(cases[i].said) &&
		       cases[i].said[n].type != NULL &&
		       explain_sound(
			   &seen, cases[i].said[n].type, cases[i].said[n].msg))
			n++;
		check_int(cases[i].what, n, cases[i].sound);
	}
}

/* As many as there may be, and one more. */
static void
test_counts(void **state)
{
	static const struct {
		const struct ipc_type *type;
		const void *msg;
		size_t max;
	} of[] = {
		{ &msg_explain_name, &empty, EXPLAIN_NAMES_MAX },
		{ &msg_explain_host, &empty, EXPLAIN_HOSTS_MAX },
		{ &msg_explain_server, &server, EXPLAIN_SERVERS_MAX },
		{ &msg_explain_session, &session, EXPLAIN_SESSIONS_MAX },
	};

	(void)state;
	for (size_t i = 0; i < nitems(of); i++) {
		struct explain_seen seen = { .connect = true, .way = true };
		size_t n = 0;

		while (n < 1000 && explain_sound(&seen, of[i].type, of[i].msg))
			n++;
		check_int(of[i].type->name, n, of[i].max);
	}
}

/* Servers with records between them are counted too, and so are these. */
static void
test_counts_in_turn(void **state)
{
	struct explain_seen seen = { .way = true };
	size_t n = 0, records = 0;

	(void)state;
	while (explain_sound(&seen, &msg_explain_server, &server)) {
		records = 0;
		while (explain_sound(&seen, &msg_explain_tlsa, &empty))
			records++;
		check_int("records", records, EXPLAIN_TLSAS_MAX);
		n++;
	}
	check_int("servers", n, EXPLAIN_SERVERS_MAX);
}

/* Whoever was not to connect has no sessions to tell of. */
static void
test_not_connected(void **state)
{
	struct explain_seen seen = { .way = true };

	(void)state;
	assert_true(explain_sound(&seen, &msg_explain_server, &server));
	assert_false(explain_sound(&seen, &msg_explain_session, &session));
}

#define REFUSED(type, ...)                                                     \
	do {                                                                   \
		const struct msg_##type m = { __VA_ARGS__ };                   \
		struct explain_seen seen = { true, true, 0, 0, 0 };            \
                                                                               \
		if (explain_sound(&seen, &msg_##type, &m))                     \
			fail_msg("sound: " #__VA_ARGS__);                      \
	} while (0)

static void
test_numbers(void **state)
{
	(void)state;
	REFUSED(explain_route, .verdict = ROUTE_NOWHERE + 1);
	REFUSED(explain_route, .verdict = ROUTE_TO, .transport = 1);
	REFUSED(explain_route, .verdict = ROUTE_TO, .host = "x");
	REFUSED(explain_rate, .count = 0, .seconds = 1, .name = "x");
	REFUSED(explain_rate, .count = 1, .seconds = 0, .name = "x");
	REFUSED(explain_rate, .count = 1, .seconds = 1);
	REFUSED(explain_way, .tls = ROUTE_TLS_VERIFY + 1);
	REFUSED(explain_way, .login = PROBE_NO_TOKEN + 1);
	REFUSED(explain_way, .login = PROBE_PASSWORD, .expires = 1);
	REFUSED(explain_way, .login = PROBE_TOKEN, .expires = -1);
	REFUSED(explain_way, .mx = ANSWER_MALFORMED + 1);
	REFUSED(explain_way, .secure = SECURE_FIRST + 1);
	REFUSED(explain_way, .family4 = 6);
	REFUSED(explain_way, .family6 = 4);
	REFUSED(explain_host, .answer = ANSWER_MALFORMED + 1);
	REFUSED(explain_host, .secure = SECURE_FIRST + 1);
	REFUSED(explain_server, .family = 5);
	REFUSED(explain_server, .family = 4, .dane = PROBE_DANE_TROUBLE + 1);
	REFUSED(explain_server, .family = 4, .tls = ROUTE_TLS_VERIFY + 1);
	REFUSED(explain_session, .family = 4, .verdict = 2, .smtp = 450);
	REFUSED(explain_session, .family = 4, .verdict = 3, .smtp = 354);
	REFUSED(explain_session, .family = 0, .verdict = 2, .smtp = 250);
	REFUSED(explain_session, .family = 4, .verdict = 2, .smtp = 250,
	    .detail = 1000);
	REFUSED(explain_end, .verdict = 2, .smtp = 250, .subject = 1000);
	REFUSED(explain_end, .verdict = 0);
	REFUSED(explain_end, .verdict = 5, .smtp = 250);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_counts_in_turn),
		cmocka_unit_test(test_not_connected),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
