/* SPDX-License-Identifier: ISC */
/* tests/unit/test_received.c - our trace header, and what strangers put in. */
#include "common/mail/received.h"

#include "common/mail/date.h"

#include <stdlib.h>

#include "tests/unit/check.h"

static const struct {
	const char *helo, *rdns, *ip;
	bool esmtp;
	const char *rcpt; /* NULL: several */
	const char *want; /* up to the date */
} cases[] = {
	{ "client.example", "host.example", "192.0.2.1", true, "bob@x.example",
	    "Received: from client.example (host.example [192.0.2.1])\r\n"
	    "\tby mx.example.org with ESMTP id 10;\r\n" },
	{ "client.example", "", "192.0.2.1", false, NULL,
	    "Received: from client.example ([192.0.2.1])\r\n"
	    "\tby mx.example.org with SMTP id 10;\r\n" },
	{ "[192.0.2.1]", NULL, "192.0.2.1", true, NULL,
	    "Received: from [192.0.2.1] ([192.0.2.1])\r\n"
	    "\tby mx.example.org with ESMTP id 10;\r\n" },
	{ "[IPv6:2001:db8::1]", NULL, "2001:db8::1", true, NULL,
	    "Received: from [IPv6:2001:db8::1] ([IPv6:2001:db8::1])\r\n"
	    "\tby mx.example.org with ESMTP id 10;\r\n" },
	{ "", NULL, "192.0.2.1", true, NULL,
	    "Received: from unknown ([192.0.2.1])\r\n"
	    "\tby mx.example.org with ESMTP id 10;\r\n" },
	{ NULL, NULL, "192.0.2.1", true, NULL,
	    "Received: from unknown ([192.0.2.1])\r\n"
	    "\tby mx.example.org with ESMTP id 10;\r\n" },
	{ "a\r\nX-Evil: yes\r\n\r\nbody", NULL, "192.0.2.1", true, NULL,
	    "Received: from a??X-Evil??yes????body ([192.0.2.1])\r\n"
	    "\tby mx.example.org with ESMTP id 10;\r\n" },
	{ "good.example (good.example [10.0.0.1]) by x; Thu, 01 Jan", NULL,
	    "192.0.2.1", true, NULL,
	    "Received: from"
	    " good.example??good.example??10.0.0.1???by?x??Thu??01?Jan\r\n"
	    "\t([192.0.2.1])\r\n"
	    "\tby mx.example.org with ESMTP id 10;\r\n" },
	{ "(", "x.example [10.0.0.1]) by (", "192.0.2.1", true, NULL,
	    "Received: from ? (x.example??10.0.0.1???by?? [192.0.2.1])\r\n"
	    "\tby mx.example.org with ESMTP id 10;\r\n" },
	{ "[10.0.0.1", "[10.0.0.1]\\", "192.0.2.1", true, NULL,
	    "Received: from ?10.0.0.1 (?10.0.0.1?? [192.0.2.1])\r\n"
	    "\tby mx.example.org with ESMTP id 10;\r\n" },
	{ "\xc3\xa4\x7f\x01\"", NULL, "192.0.2.1", true, NULL,
	    "Received: from ????? ([192.0.2.1])\r\n"
	    "\tby mx.example.org with ESMTP id 10;\r\n" },
};

static void
fill(struct received *r, size_t row)
{
	memset(r, 0, sizeof(*r));
	r->helo = cases[row].helo;
	r->rdns = cases[row].rdns;
	assert_true(ip_parse(view_of(cases[row].ip), &r->ip));
	r->esmtp = cases[row].esmtp;
	r->hostname = "mx.example.org";
	r->id = 32;
}

static void
test_from_the_network(void **state)
{
	static const char date[] = "\tThu, 01 Jan 1970 00:00:00 +0000\r\n";
	struct received r;
	struct buf out;
	char want[512];

	(void)state;
	buf_init(&out, RECEIVED_MAX);
	for (size_t i = 0; i < nitems(cases); i++) {
		fill(&r, i);
		buf_clear(&out);
		received_add(&out, &r);
		strlcpy(want, cases[i].want, sizeof(want));
		strlcat(want, date, sizeof(want));
		check_str(cases[i].want, buf_string(&out), want);
	}
	buf_free(&out);
}

static void
test_one_recipient(void **state)
{
	struct mailbox m;
	struct received r;
	struct buf out;

	(void)state;
	buf_init(&out, RECEIVED_MAX);
	fill(&r, 0);
	assert_true(mailbox_parse(view_of("\"a b\"@x.example"), &m, false));
	r.rcpt = &m;
	received_add(&out, &r);
	assert_non_null(strstr(buf_string(&out),
	    " id 10\r\n\tfor <\"a b\"@x.example>;\r\n\tThu, "));
	buf_free(&out);
}

/* RFC 3848; what tls says is not more trusted than a client. */
static void
test_tls(void **state)
{
	static const struct {
		bool esmtp;
		const char *protocol, *cipher, *want;
	} rows[] = {
		{ true, "TLSv1.3", "TLS_AES_256_GCM_SHA384",
		    " with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384) id 10;" },
		{ false, "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256",
		    " with SMTP (TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256)" },
		{ true, "a b", "c)\r\nX-Evil: yes",
		    " with ESMTPS (a?b c???X-Evil??yes) id 10;" },
		{ true, "", "", " with ESMTPS (unknown unknown) id 10;" },
	};
	struct received r;
	struct buf out;

	(void)state;
	buf_init(&out, RECEIVED_MAX);
	for (size_t i = 0; i < nitems(rows); i++) {
		fill(&r, 0);
		r.esmtp = rows[i].esmtp;
		r.protocol = rows[i].protocol;
		r.cipher = rows[i].cipher;
		buf_clear(&out);
		received_add(&out, &r);
		if (strstr(buf_string(&out), rows[i].want) == NULL)
			fail_msg("%s in %s", rows[i].want, buf_string(&out));
	}
	buf_free(&out);
}

/* RFC 6729; and the field itself stays ASCII. */
static void
test_utf8(void **state)
{
	struct mailbox m;
	struct received r;
	struct buf out;

	(void)state;
	buf_init(&out, RECEIVED_MAX);
	fill(&r, 0);
	r.utf8 = true;
	assert_true(mailbox_parse(view_of("\xc3\xbc@x.example"), &m, true));
	r.rcpt = &m;
	received_add(&out, &r);
	assert_non_null(
	    strstr(buf_string(&out), " with UTF8SMTP id 10;\r\n\tThu, "));
	buf_free(&out);
}

static void
test_local(void **state)
{
	struct received r = { .local = true,
		.uid = 1000,
		.hostname = "mx",
		.id = 32,
		.helo = "lies" };
	struct buf out;

	(void)state;
	buf_init(&out, RECEIVED_MAX);
	received_add(&out, &r);
	check_str("local", buf_string(&out),
	    "Received: by mx with local (uid 1000) id 10;\r\n"
	    "\tThu, 01 Jan 1970 00:00:00 +0000\r\n");
	buf_free(&out);
}

static void
test_longest(void **state)
{
	char name[2 * DOMAIN_MAX], host[DOMAIN_MAX + 1];
	struct mailbox m = { { 0 }, { 0 } };
	struct received r;
	struct buf out;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	strlcpy(host, name, sizeof(host));
	memset(m.local, '"', LOCAL_MAX);
	memset(m.domain, 'd', DOMAIN_MAX);
	fill(&r, 0);
	r.helo = r.rdns = name;
	r.hostname = host;
	r.rcpt = &m;
	r.id = UINT64_MAX;
	buf_init(&out, RECEIVED_MAX);
	received_add(&out, &r);
	assert_true(buf_ok(&out));
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_the_network),
		cmocka_unit_test(test_one_recipient),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_longest),
	};

	setenv("TZ", "UTC0", 1);
	date_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
