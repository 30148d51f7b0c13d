/* SPDX-License-Identifier: ISC */
/* tests/unit/test_smtpd_relay.c - who may send where; the relay probes. */
#include "tests/unit/check.h"

#include "smtpd/relay.h"

static const char configuration[] =
    "hostname \"mx.test\"\n"
    "accept from local\n"
    "reject from 10.9.0.0/16\n"
    "accept from 10.0.0.0/8\n"
    "accept from any for domain example.org\n"
    "route domain example.org to host \"in.example.org\"\n";

static const struct {
	const char *client; /* NULL: the submission socket */
	const char *rcpt;
	const struct smtp_reply *want; /* NULL: it may */
} cases[] = {
	/* machines of ours */
	{ "127.0.0.1", "<a@example.com>", NULL },
	{ "::1", "<a@example.com>", NULL },
	{ "::ffff:127.0.0.1", "<a@example.com>", NULL },
	{ "10.1.2.3", "<a@example.com>", NULL },
	{ "10.9.2.3", "<a@example.com>", &reply_relay },
	{ "10.9.2.3", "<a@example.org>", &reply_relay },
	{ NULL, "<a@example.com>", NULL },
	{ NULL, "<nobody@mx.test>", &reply_no_mailbox },
	{ "127.0.0.1", "<nobody@mx.test>", &reply_no_mailbox },
	{ "127.0.0.1", "<root@mx.test>", NULL },
	/* strangers */
	{ "192.0.2.1", "<a@example.org>", NULL },
	{ "192.0.2.1", "<a@EXAMPLE.Org>", NULL },
	{ "2001:db8::1", "<a@example.org>", NULL },
	{ "192.0.2.1", "<a@example.com>", &reply_relay },
	{ "192.0.2.1", "<a@sub.example.org>", &reply_relay },
	{ "192.0.2.1", "<a@xexample.org>", &reply_relay },
	{ "192.0.2.1", "<a@example.org.example.com>", &reply_relay },
	{ "192.0.2.1", "<a@org>", &reply_relay },
	{ "192.0.2.1", "<a@localhost>", &reply_relay },
	{ "192.0.2.1", "<a@mx.test>", &reply_relay },
	{ "192.0.2.1", "<a@[127.0.0.1]>", &reply_relay },
	{ "192.0.2.1", "<a@[192.0.2.1]>", &reply_relay },
	{ "192.0.2.1", "<a@[IPv6:::1]>", &reply_relay },
	/* the domain decides, whatever the local part says */
	{ "192.0.2.1", "<a%example.com@example.org>", &reply_routing },
	{ "192.0.2.1", "<example.com!a@example.org>", &reply_routing },
	{ "192.0.2.1", "<\"a@example.com\"@example.org>", &reply_routing },
	{ "127.0.0.1", "<a%example.com@example.org>", NULL },
	{ NULL, "<a%example.com@example.org>", NULL },
	{ "192.0.2.1", "<a%example.org@example.com>", &reply_relay },
	{ "192.0.2.1", "<\"a@example.org\"@example.com>", &reply_relay },
	{ "192.0.2.1", "<example.org!a@example.com>", &reply_relay },
	{ "192.0.2.1", "<@example.org:a@example.com>", &reply_relay },
	{ "192.0.2.1", "<@example.com:a@example.org>", NULL },
	/* the postmaster of ours, from everybody */
	{ "192.0.2.1", "<postmaster>", NULL },
	{ "192.0.2.1", "<PostMaster>", NULL },
	{ "192.0.2.1", "<postmaster@mx.test>", NULL },
	{ "10.9.2.3", "<postmaster@localhost>", NULL },
	{ "192.0.2.1", "<postmaster@example.com>", &reply_relay },
	{ "192.0.2.1", "<postmaster@example.org>", NULL },
	{ "192.0.2.1", "<postmaster%example.com@mx.test>", &reply_relay },
	{ "192.0.2.1", "<root@mx.test>", &reply_relay },
};

static void
judge_all(const struct service *strangers, const struct service *local)
{
	for (size_t i = 0; i < nitems(cases); i++) {
		struct accept_client who = { 0 };
		struct mailbox rcpt;
		bool ask;
		struct view path = view_of(cases[i].rcpt);
		const struct service *sv = strangers;

		if (cases[i].client == NULL) {
			who.local_socket = true;
			sv = local;
		} else if (!ip_parse(view_of(cases[i].client), &who.ip)) {
			fail_msg("no address: %s", cases[i].client);
		}
		if (!path_parse_forward(&path, &rcpt, false))
			fail_msg("no path: %s", cases[i].rcpt);
		if (relay_judge(sv, &who, NULL, &rcpt, &ask) != cases[i].want)
			fail_msg("%s to %s", cases[i].client, cases[i].rcpt);
	}
}

static void
test_judge(void **state)
{
	struct conf conf;
	struct conf_error error;
	struct service strangers, local;

	(void)state;
	conf_init(&conf);
	if (!conf_parse(&conf, view_of(configuration), &error))
		fail_msg("line %u: %s", error.line, error.text);
	service_init(&strangers, &conf, false);
	service_init(&local, &conf, true);
	judge_all(&strangers, &local);
	conf_clear(&conf);
}

/* An empty configuration: local machines, nobody else. */
static void
test_default(void **state)
{
	struct conf conf;
	struct conf_error error;
	struct service sv;
	struct mailbox rcpt;
	bool ask;
	struct accept_client who = { 0 };

	(void)state;
	conf_init(&conf);
	conf_parse(&conf, view_of("hostname \"mx.test\"\n"), &error);
	service_init(&sv, &conf, false);
	mailbox_parse(view_of("a@example.org"), &rcpt, false);
	ip_parse(view_of("192.0.2.1"), &who.ip);
	assert_ptr_equal(
	    relay_judge(&sv, &who, NULL, &rcpt, &ask), &reply_relay);
	ip_parse(view_of("127.0.0.1"), &who.ip);
	assert_null(relay_judge(&sv, &who, NULL, &rcpt, &ask));
	conf_clear(&conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
