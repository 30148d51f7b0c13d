/* SPDX-License-Identifier: ISC */
/* tests/unit/test_accept.c - nobody relays by omission. */
#include "common/mail/accept.h"

#include "tests/unit/check.h"

#include <stdio.h>

/* clang-format off */
#define NET10 .network = { { 4, { 10 } }, 8 }
#define FOR(name) .has_domain = true, .domain = name
#define SENDER(name) .has_sender = true, .sender = name

static const struct accept_rule gateway[] = {
	{ .reject = false,	.who = ACCEPT_LOCAL },
	{ .reject = false,	.who = ACCEPT_NETWORK,	NET10 },
	{ .reject = false,	.who = ACCEPT_ANY, FOR("example.org") },
	{ .reject = false,	.who = ACCEPT_ANY, FOR("example.net") },
};
static const struct accept_rule rejecting[] = {
	{ .reject = true,	.who = ACCEPT_ANY, FOR("secret.example") },
	{ .reject = true,	.who = ACCEPT_NETWORK,	NET10 },
	{ .reject = false,	.who = ACCEPT_ANY },
};
static const struct accept_rule open_relay[] = {
	{ .reject = false,	.who = ACCEPT_ANY },
	{ .reject = false,	.who = ACCEPT_NETWORK,	NET10 },
};
static const struct accept_rule not_local[] = {
	{ .reject = false,	.who = ACCEPT_NETWORK,	NET10 },
};
static const struct accept_rule partly[] = {
	{ .reject = true,	.who = ACCEPT_ANY, FOR("secret.example") },
	{ .reject = false,	.who = ACCEPT_NETWORK,	NET10, FOR("example.org") },
	{ .reject = false,	.who = ACCEPT_LOCAL },
};
static const struct accept_rule careful[] = {
	{ .reject = true,	.who = ACCEPT_ANY,	SENDER("bad.example") },
	{ .reject = true,	.who = ACCEPT_ANY,	.tls = ACCEPT_TLS_WITHOUT,
	    FOR("secret.example") },
	{ .reject = true,	.who = ACCEPT_AUTH,	.login = "old" },
	{ .reject = false,	.who = ACCEPT_AUTH,	.login = "printer", FOR("a.example") },
	{ .reject = true,	.who = ACCEPT_AUTH,	.login = "printer" },
	{ .reject = false,	.who = ACCEPT_AUTH,	.port = 587, .tls = ACCEPT_TLS_WITH },
	{ .reject = false,	.who = ACCEPT_NETWORK,	NET10,	SENDER("a.example") },
	{ .reject = false,	.who = ACCEPT_LOCAL,	.port = 25 },
	{ .reject = false,	.who = ACCEPT_ANY,	FOR("secret.example") },
};
/* clang-format on */

#define RULES(r) r, nitems(r)

static const struct {
	const struct accept_rule *rules;
	size_t n;
	const char *client; /* "local": the submission socket */
	const char *rcpt;
	bool accepted, trusted;
} cases[] = {
	{ NULL, 0, "local", "a@x.example", true, true },
	{ NULL, 0, "127.0.0.1", "a@x.example", true, true },
	{ NULL, 0, "::1", "a@x.example", true, true },
	{ NULL, 0, "::ffff:127.0.0.1", "a@x.example", true, true },
	{ NULL, 0, "192.0.2.1", "a@x.example", false, false },
	{ NULL, 0, "0.0.0.0", "a@x.example", false, false },
	{ NULL, 0, "192.0.2.1", "a@localhost", false, false },
	{ RULES(gateway), "local", "a@x.example", true, true },
	{ RULES(gateway), "10.1.2.3", "a@x.example", true, true },
	{ RULES(gateway), "::ffff:10.1.2.3", "a@x.example", true, true },
	{ RULES(gateway), "11.1.2.3", "a@x.example", false, false },
	{ RULES(gateway), "11.1.2.3", "a@example.org", true, false },
	{ RULES(gateway), "11.1.2.3", "a@EXAMPLE.net", true, false },
	{ RULES(gateway), "11.1.2.3", "a@sub.example.org", false, false },
	{ RULES(gateway), "11.1.2.3", "a@notexample.org", false, false },
	{ RULES(gateway), "11.1.2.3", "\"a@x.example\"@example.org", true,
	    false },
	{ RULES(gateway), "11.1.2.3", "a%example.org@x.example", false, false },
	{ RULES(gateway), "11.1.2.3", "\"a@example.org\"@x.example", false,
	    false },
	{ RULES(gateway), "11.1.2.3", "a@[10.0.0.1]", false, false },
	{ RULES(rejecting), "local", "a@secret.example", false, false },
	{ RULES(rejecting), "10.1.2.3", "a@x.example", false, false },
	{ RULES(rejecting), "11.1.2.3", "a@x.example", true, false },
	{ RULES(rejecting), "11.1.2.3", "a@secret.example", false, false },
	{ RULES(open_relay), "11.1.2.3", "a@x.example", true, false },
	{ RULES(open_relay), "10.1.2.3", "a@x.example", true, true },
	{ RULES(partly), "10.1.2.3", "a@example.org", true, false },
	{ RULES(partly), "127.0.0.1", "a@secret.example", false, true },
	{ RULES(partly), "127.0.0.1", "a@x.example", true, true },
	{ RULES(not_local), "local", "a@x.example", false, false },
	{ RULES(not_local), "127.0.0.1", "a@x.example", false, false },
	{ RULES(not_local), "::a01:203", "a@x.example", false, false },
};

/* Rules with conditions. */
static const struct {
	const char *client;
	uint16_t port;
	bool tls;
	const char *login, *sender; /* sender NULL: the null sender */
	const char *rcpt;
	bool accepted, trusted;
} careful_cases[] = {
	{ "10.1.2.3", 25, false, NULL, "x@a.example", "a@x.example", true,
	    false },
	{ "10.1.2.3", 25, false, NULL, "x@A.Example", "a@x.example", true,
	    false },
	{ "10.1.2.3", 25, false, NULL, "x@b.example", "a@x.example", false,
	    false },
	{ "10.1.2.3", 25, false, NULL, "x@sub.a.example", "a@x.example", false,
	    false },
	{ "10.1.2.3", 25, false, NULL, NULL, "a@x.example", false, false },
	{ "11.1.2.3", 25, false, NULL, "x@a.example", "a@x.example", false,
	    false },
	/* a sender that is rejected stays so, whoever says it */
	{ "10.1.2.3", 587, true, "ann", "x@bad.example", "a@x.example", false,
	    true },
	{ "11.1.2.3", 25, true, NULL, NULL, "a@secret.example", true, false },
	{ "11.1.2.3", 25, false, NULL, NULL, "a@secret.example", false, false },
	/* logins */
	{ "11.1.2.3", 587, true, "ann", "x@c.example", "a@x.example", true,
	    true },
	{ "11.1.2.3", 587, true, "ann", NULL, "a@x.example", true, true },
	{ "11.1.2.3", 587, false, "ann", "x@c.example", "a@x.example", false,
	    false },
	{ "11.1.2.3", 465, true, "ann", "x@c.example", "a@x.example", false,
	    false },
	{ "11.1.2.3", 587, true, NULL, "x@c.example", "a@x.example", false,
	    false },
	{ "11.1.2.3", 587, true, "old", "x@c.example", "a@x.example", false,
	    false },
	{ "11.1.2.3", 587, true, "Old", "x@c.example", "a@x.example", true,
	    true },
	{ "11.1.2.3", 587, true, "printer", "x@c.example", "a@a.example", true,
	    false },
	{ "11.1.2.3", 587, true, "printer", "x@c.example", "a@x.example", false,
	    false },
	/* local, but by the door that was named */
	{ "127.0.0.1", 25, false, NULL, "x@c.example", "a@x.example", true,
	    true },
	{ "127.0.0.1", 26, false, NULL, "x@c.example", "a@x.example", false,
	    false },
	{ "local", 0, false, NULL, "x@c.example", "a@x.example", false, false },
};

static void
judge(const char *label, const struct accept_client *c, const char *sender,
    const char *rcpt, bool accepted)
{
	struct mailbox from, to;

	if (sender != NULL)
		assert_true(mailbox_parse(view_of(sender), &from, false));
	assert_true(mailbox_parse(view_of(rcpt), &to, false));
	check_int(label,
	    accept_judge(careful, nitems(careful), c,
		sender == NULL ? NULL : &from, &to),
	    accepted);
}

static void
test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(careful_cases); i++) {
		struct accept_client c = { .port = careful_cases[i].port,
			.tls = careful_cases[i].tls,
			.login = careful_cases[i].login };
		char label[32];

		snprintf(label, sizeof(label), "case %zu", i);
		c.local_socket = strcmp(careful_cases[i].client, "local") == 0;
		if (!c.local_socket)
			assert_true(
			    ip_parse(view_of(careful_cases[i].client), &c.ip));
		judge(label, &c, careful_cases[i].sender, careful_cases[i].rcpt,
		    careful_cases[i].accepted);
		check_int(label, accept_trusts(careful, nitems(careful), &c),
		    careful_cases[i].trusted);
	}
}

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct accept_client c = { 0 };
		struct mailbox m;
		char label[128];

		strlcpy(label, cases[i].client, sizeof(label));
		strlcat(label, " to ", sizeof(label));
		strlcat(label, cases[i].rcpt, sizeof(label));
		c.local_socket = strcmp(cases[i].client, "local") == 0;
		if (!c.local_socket)
			assert_true(ip_parse(view_of(cases[i].client), &c.ip));
		assert_true(mailbox_parse(view_of(cases[i].rcpt), &m, false));
		check_int(label,
		    accept_judge(cases[i].rules, cases[i].n, &c, NULL, &m),
		    cases[i].accepted);
		check_int(label, accept_trusts(cases[i].rules, cases[i].n, &c),
		    cases[i].trusted);
	}
}

/* A client without an address is nobody's neighbour. */
static void
test_unset_client(void **state)
{
	static const struct accept_rule all[] = {
		{ .who = ACCEPT_NETWORK, .network = { { 4, { 0 } }, 0 } },
		{ .who = ACCEPT_NETWORK, .network = { { 6, { 0 } }, 0 } },
	};
	struct accept_client c = { 0 };
	struct mailbox m = { "a", "x.example" };

	(void)state;
	assert_false(accept_judge(all, nitems(all), &c, NULL, &m));
	assert_false(accept_judge(NULL, 0, &c, NULL, &m));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_unset_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
