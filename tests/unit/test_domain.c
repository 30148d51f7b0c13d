/* SPDX-License-Identifier: ISC */
/* tests/unit/test_domain.c - names, their one form, and literals. */
#include "common/mail/domain.h"

#include "tests/unit/check.h"

#define L63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc"

static const struct {
	const char *text;
	bool valid;
} names[] = {
	{ "example.org", true },
	{ "localhost", true },
	{ "a.b.c.d.e", true },
	{ "_dmarc.ex_ample.org", true },
	{ "xn--bcher-kva.example", true },
	{ "1and1.com", true },
	{ "3.com", true },
	{ "a-b.org", true },
	{ L63 ".org", true },
	{ L63 "." L63 "." L63 "." L63, true },
	{ L63 "d.org", false },
	{ L63 "." L63 "." L63 "." L63 ".a", false },
	{ "", false },
	{ ".", false },
	{ "example.org.", false }, /* not the normalised form */
	{ ".example.org", false },
	{ "example..org", false },
	{ "-a.org", false },
	{ "a-.org", false },
	{ "a b.org", false },
	{ "a,b.org", false },
	{ "a/b.org", false },
	{ "a\r\nb.org", false },
	{ "b\xc3\xbc"
	  "cher.example",
	    false },
	{ "192.0.2.1", false },
	{ "2130706433", false },
	{ "[192.0.2.1]", false },
	{ "example.org:25", false },
	{ "*.example.org", false },
};

static void
test_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(names); i++)
		check_int(names[i].text, domain_valid(view_of(names[i].text)),
		    names[i].valid);
	check_int("NUL", domain_valid(view_make("a\0b", 3)), false);
}

static void
test_normalise(void **state)
{
	char out[DOMAIN_MAX + 1];
	char longest[DOMAIN_MAX + 2];

	(void)state;
	assert_true(domain_normalise(view_of("Mail.EXAMPLE.org."), out));
	check_str("case and dot", out, "mail.example.org");
	assert_true(domain_normalise(view_of("a.."), out));
	check_str("one dot only", out, "a.");
	assert_true(domain_normalise(view_of("."), out));
	check_str("the root stays, to be refused", out, ".");
	memset(longest, 'A', sizeof(longest));
	assert_true(domain_normalise(view_make(longest, DOMAIN_MAX), out));
	assert_false(domain_normalise(view_make(longest, DOMAIN_MAX + 1), out));
	assert_false(domain_normalise(view_make("a\0b", 3), out));
}

static const struct {
	const char *text;
	const char *ip; /* NULL: refused */
} literals[] = {
	{ "[192.0.2.1]", "192.0.2.1" },
	{ "[IPv6:2001:db8::1]", "2001:db8::1" },
	{ "[ipv6:::1]", "::1" },
	{ "[IPv6:::ffff:192.0.2.1]", "192.0.2.1" },
	{ "192.0.2.1", NULL },
	{ "[192.0.2.1", NULL },
	{ "192.0.2.1]", NULL },
	{ "[]", NULL },
	{ "[", NULL },
	{ "]", NULL },
	{ "[IPv6:]", NULL },
	{ "[2001:db8::1]", NULL },
	{ "[IPv6:192.0.2.1]", NULL },
	{ "[IPv6:fe80::1%lo]", NULL },
	{ "[ 192.0.2.1 ]", NULL },
	{ "[[192.0.2.1]]", NULL },
	{ "[Foo:bar]", NULL },
	{ "[example.org]", NULL },
};

static void
test_literals(void **state)
{
	char text[IP_TEXT];
	struct ip ip;

	(void)state;
	for (size_t i = 0; i < nitems(literals); i++) {
		const char *t = literals[i].text;
		bool ok = domain_literal_ip(view_of(t), &ip);

		check_int(t, ok, literals[i].ip != NULL);
		if (ok)
			check_str(t, ip_print(&ip, text), literals[i].ip);
	}
	assert_true(domain_is_literal(view_of("[whatever]")));
	assert_false(domain_is_literal(view_of("[")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_normalise),
		cmocka_unit_test(test_literals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
