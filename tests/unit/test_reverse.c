/* SPDX-License-Identifier: ISC */
/* tests/unit/test_reverse.c - the name of an address, and when it counts. */
#include "resolve/reverse.h"

#include <stdio.h>

#include "tests/unit/check.h"

static const struct {
	const char *ip, *name;
	enum dns_type type;
} names[] = {
	{ "192.0.2.1", "1.2.0.192.in-addr.arpa", DNS_A },
	{ "255.254.253.252", "252.253.254.255.in-addr.arpa", DNS_A },
	{ "0.0.0.0", "0.0.0.0.in-addr.arpa", DNS_A },
	{ "2001:db8::567:89ab",
	    "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	    "ip6.arpa",
	    DNS_AAAA },
};

static struct ip
ip_of(const char *text)
{
	struct ip ip;

	assert_true(ip_parse(view_of(text), &ip));
	return ip;
}

static void
test_names(void **state)
{
	char name[REVERSE_NAME];

	(void)state;
	for (size_t i = 0; i < nitems(names); i++) {
		struct ip ip = ip_of(names[i].ip);

		reverse_name(&ip, name);
		check_str(names[i].ip, name, names[i].name);
		check_int(names[i].ip, reverse_type(&ip), names[i].type);
	}
	check_int("room", sizeof(name), strlen(names[3].name) + 1);
}

static void
take_names(struct reverse *r, enum answer_kind kind, const char *const *list)
{
	struct answer *a = answer_new(kind, ANSWER_PTR_MAX);

	for (size_t i = 0; list[i] != NULL; i++)
		answer_add_mx(a, 0, list[i]);
	reverse_take_names(r, a);
	answer_free(a);
}

/* What A or AAAA of a name say: "" none, "!" trouble, else addresses. */
static void
take_ips(struct reverse *r, const char *text)
{
	struct view rest = view_of(text);
	struct answer *a;

	if (strcmp(text, "!") == 0) {
		a = answer_new_trouble("no answer");
	} else {
		a = answer_new(rest.len > 0 ? ANSWER_FOUND : ANSWER_NO_NAME, 4);
		while (rest.len > 0) {
			struct ip ip;

			assert_true(ip_parse(view_word(&rest), &ip));
			answer_add_ip(a, &ip);
		}
	}
	reverse_take_ips(r, a);
	answer_free(a);
}

static const struct {
	const char *label, *ip;
	enum answer_kind ptr;
	const char *names[ANSWER_PTR_MAX + 1];
	const char *ips[ANSWER_PTR_MAX + 1]; /* of each, in turn */
	enum answer_kind kind;
	const char *name;
} cases[] = {
	{ "right", "192.0.2.1", ANSWER_FOUND, { "a.test" }, { "192.0.2.1" },
	    ANSWER_FOUND, "a.test" },
	{ "six", "2001:db8::1", ANSWER_FOUND, { "a.test" },
	    { "2001:db8::2 2001:db8::1" }, ANSWER_FOUND, "a.test" },
	{ "another's", "192.0.2.1", ANSWER_FOUND, { "a.test" }, { "192.0.2.2" },
	    ANSWER_NONE, NULL },
	{ "nearly", "2001:db8::1", ANSWER_FOUND, { "a.test" }, { "2001:db8::" },
	    ANSWER_NONE, NULL },
	{ "four is not six", "192.0.2.1", ANSWER_FOUND, { "a.test" },
	    { "c000:201::" }, ANSWER_NONE, NULL },
	{ "leads nowhere", "192.0.2.1", ANSWER_FOUND, { "a.test" }, { "" },
	    ANSWER_NONE, NULL },
	{ "no names", "192.0.2.1", ANSWER_FOUND, { NULL }, { NULL },
	    ANSWER_NONE, NULL },
	{ "the second", "192.0.2.1", ANSWER_FOUND, { "a.test", "b.test" },
	    { "192.0.2.2", "192.0.2.1" }, ANSWER_FOUND, "b.test" },
	{ "the third, after trouble", "192.0.2.1", ANSWER_FOUND,
	    { "a.test", "b.test", "c.test" }, { "!", "", "192.0.2.1" },
	    ANSWER_FOUND, "c.test" },
	{ "the first is enough", "192.0.2.1", ANSWER_FOUND,
	    { "a.test", "b.test" }, { "192.0.2.1" }, ANSWER_FOUND, "a.test" },
	{ "trouble, then no", "192.0.2.1", ANSWER_FOUND, { "a.test", "b.test" },
	    { "!", "" }, ANSWER_TROUBLE, NULL },
	{ "NXDOMAIN", "192.0.2.1", ANSWER_NO_NAME, { NULL }, { NULL },
	    ANSWER_NO_NAME, NULL },
	{ "trouble", "192.0.2.1", ANSWER_TROUBLE, { NULL }, { NULL },
	    ANSWER_TROUBLE, NULL },
};

static void
test_verified(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct reverse r = { .ip = ip_of(cases[i].ip) };
		const char *name;
		size_t n = 0;

		take_names(&r, cases[i].ptr, cases[i].names);
		while ((name = reverse_next(&r)) != NULL) {
			assert_non_null(cases[i].ips[n]);
			check_str(cases[i].label, name, cases[i].names[n]);
			take_ips(&r, cases[i].ips[n++]);
		}
		assert_null(cases[i].ips[n]);
		check_int(cases[i].label, r.kind, cases[i].kind);
		check_str(cases[i].label, r.name == NULL ? "-" : r.name,
		    cases[i].name == NULL ? "-" : cases[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_verified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
