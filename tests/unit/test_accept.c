/* SPDX-License-Identifier: ISC */
/* tests/unit/test_accept.c - nobody relays by omission. */
#include "common/mail/accept.h"

#include "tests/unit/check.h"

/* clang-format off */
#define NET10 { { 4, { 10 } }, 8 }
#define NONE { { 0, { 0 } }, 0 }

static const struct accept_rule gateway[] = {
	/* reject	who		network	domain */
	{ false,	ACCEPT_LOCAL,	NONE,	false,	"" },
	{ false,	ACCEPT_NETWORK,	NET10,	false,	"" },
	{ false,	ACCEPT_ANY,	NONE,	true,	"example.org" },
	{ false,	ACCEPT_ANY,	NONE,	true,	"example.net" },
};
static const struct accept_rule rejecting[] = {
	{ true,		ACCEPT_ANY,	NONE,	true,	"secret.example" },
	{ true,		ACCEPT_NETWORK,	NET10,	false,	"" },
	{ false,	ACCEPT_ANY,	NONE,	false,	"" },
};
static const struct accept_rule open_relay[] = {
	{ false,	ACCEPT_ANY,	NONE,	false,	"" },
	{ false,	ACCEPT_NETWORK,	NET10,	false,	"" },
};
static const struct accept_rule not_local[] = {
	{ false,	ACCEPT_NETWORK,	NET10,	false,	"" },
};
static const struct accept_rule partly[] = {
	{ true,		ACCEPT_ANY,	NONE,	true,	"secret.example" },
	{ false,	ACCEPT_NETWORK,	NET10,	true,	"example.org" },
	{ false,	ACCEPT_LOCAL,	NONE,	false,	"" },
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
		    accept_judge(cases[i].rules, cases[i].n, &c, &m),
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
	assert_false(accept_judge(all, nitems(all), &c, &m));
	assert_false(accept_judge(NULL, 0, &c, &m));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_unset_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
