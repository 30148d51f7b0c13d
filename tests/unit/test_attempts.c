/* SPDX-License-Identifier: ISC */
/* tests/unit/test_attempts.c - tests of deliver/attempts.c */
#include "deliver/attempts.h"

#include "tests/unit/check.h"

#include <stdio.h>

/*
 * The DNS of a case: exchangers as "10 a, 20 b", "NONE", "NXDOMAIN", "FAIL",
 * "BAD"; hosts as rows below.
 */
static const struct {
	const char *name;
	const char *addrs; /* space between; or a word as above */
} hosts[] = {
	{ "a", "192.0.2.1" },
	{ "b", "192.0.2.2" },
	{ "c", "192.0.2.3" },
	{ "six", "2001:db8::1" },
	{ "both", "192.0.2.1 192.0.2.2 2001:db8::1 2001:db8::2" },
	{ "many", "2001:db8::1 2001:db8::2 2001:db8::3 2001:db8::4 "
		  "2001:db8::5 2001:db8::6 192.0.2.1" },
	{ "loop", "127.0.0.1" },
	{ "loop6", "::1" },
	{ "zero", "0.0.0.0" },
	{ "half", "127.0.0.1 192.0.2.9" },
	{ "allowed", "127.1.2.3" },
	{ "us.by.address", "198.51.100.1" },
	{ "private", "10.0.0.1" },
	{ "none", "NONE" },
	{ "gone", "NXDOMAIN" },
	{ "fail", "FAIL" },
	{ "domain.example", "192.0.2.77" },
	{ "bare.example", "NONE" },
};

static const struct {
	const char *domain;
	const char *mx;
	const char *want; /* "host/address ..." or "550 5.1.2" */
} cases[] = {
	{ "d", "10 a, 20 b", "a/192.0.2.1 b/192.0.2.2" },
	{ "d", "20 b, 10 a", "a/192.0.2.1 b/192.0.2.2" },
	{ "d", "10 a, 20 a", "a/192.0.2.1" },
	/* equal preference: shuffled, here by always taking the first */
	{ "d", "10 a, 10 b, 10 c", "b/192.0.2.2 c/192.0.2.3 a/192.0.2.1" },
	/* no exchanger: the domain itself */
	{ "domain.example", "NONE", "domain.example/192.0.2.77" },
	{ "bare.example", "NONE", "550 5.1.2" },
	{ "gone", "NONE", "550 5.1.2" },
	{ "fail", "NONE", "451 4.4.3" },
	{ "us.by.address", "NONE", "554 5.4.6" },
	{ "relay.example", "NONE", "554 5.4.6" },
	{ "d", "NXDOMAIN", "550 5.1.2" },
	{ "d", "BAD", "550 5.1.2" },
	{ "d", "FAIL", "451 4.4.3" },
	/* RFC 7505; beside others the row means nothing */
	{ "d", "0 .", "556 5.1.10" },
	{ "d", "0 ., 10 a", "a/192.0.2.1" },
	/* exchangers that are no host names: never the domain instead */
	{ "domain.example", "", "550 5.4.4" },
	/* exchangers without address: never the domain instead */
	{ "domain.example", "10 none", "550 5.4.4" },
	{ "domain.example", "10 gone", "550 5.4.4" },
	{ "domain.example", "10 fail", "451 4.4.3" },
	{ "d", "10 gone, 20 fail", "451 4.4.3" },
	{ "d", "10 fail, 20 b", "b/192.0.2.2" },
	/* we are one of them, by name or address */
	{ "d", "10 relay.example", "554 5.4.6" },
	{ "d", "10 Relay.Example, 20 b", "554 5.4.6" },
	{ "d", "10 a, 20 relay.example, 20 b, 30 c", "a/192.0.2.1" },
	{ "d", "10 a, 20 b, 20 relay.example, 30 c", "a/192.0.2.1" },
	{ "d", "10 a, 20 relay.example, 20 b, 20 c", "a/192.0.2.1" },
	{ "d", "10 a, 20 us.by.address, 20 b, 30 c", "a/192.0.2.1" },
	{ "d", "10 us.by.address, 20 b", "554 5.4.6" },
	{ "d", "10 fail, 20 relay.example", "451 4.4.3" },
	{ "d", "10 gone, 20 relay.example", "554 5.4.6" },
	/* addresses that are refused */
	{ "d", "10 loop", "550 5.4.4" },
	{ "d", "10 loop6", "550 5.4.4" },
	{ "d", "10 zero", "550 5.4.4" },
	{ "d", "10 loop, 20 b", "b/192.0.2.2" },
	{ "d", "10 half", "half/192.0.2.9" },
	{ "d", "10 allowed", "allowed/127.1.2.3" },
	{ "d", "10 private", "private/10.0.0.1" },
	/* both families in turn, and no more than five */
	{ "d", "10 both",
	    "both/2001:db8::1 both/192.0.2.1 both/2001:db8::2 "
	    "both/192.0.2.2" },
	{ "d", "10 six, 20 b", "six/2001:db8::1 b/192.0.2.2" },
	{ "d", "10 many",
	    "many/2001:db8::1 many/192.0.2.1 many/2001:db8::2 "
	    "many/2001:db8::3 many/2001:db8::4" },
	{ "d", "10 both, 20 c",
	    "both/2001:db8::1 both/192.0.2.1 both/2001:db8::2 "
	    "both/192.0.2.2 c/192.0.2.3" },
	/* more hosts are asked for while none has an address */
	{ "d", "1 gone, 2 gone, 3 gone, 4 gone, 5 gone, 6 a", "a/192.0.2.1" },
};

static uint32_t
always_first(void *arg, uint32_t bound)
{
	(void)arg;
	assert_true(bound > 0);
	return 0;
}

static struct ourselves
us(void)
{
	static struct ip own;
	static struct network allow;
	struct ourselves o = { "relay.example", &own, 1, &allow, 1 };

	assert_true(ip_parse(view_of("198.51.100.1"), &own));
	assert_true(network_parse(view_of("127.1.0.0/16"), &allow));
	return o;
}

static bool
answer_word(struct answer *a, const char *word)
{
	memset(a, 0, sizeof(*a));
	a->kind = strcmp(word, "NONE") == 0       ? ANSWER_NONE
		  : strcmp(word, "NXDOMAIN") == 0 ? ANSWER_NO_NAME
		  : strcmp(word, "FAIL") == 0     ? ANSWER_TROUBLE
		  : strcmp(word, "BAD") == 0      ? ANSWER_MALFORMED
						  : ANSWER_FOUND;
	return a->kind == ANSWER_FOUND;
}

static void
answer_mx(struct answer *a, const char *text)
{
	struct view rest = view_of(text), word;
	uint64_t n;

	if (!answer_word(a, text))
		return;
	while (rest.len > 0) {
		struct msg_answer_mx *mx = &a->mx[a->nmx++];

		assert_true(view_u64(view_word(&rest), &n));
		mx->preference = (uint16_t)n;
		word = view_word(&rest);
		if (word.data[word.len - 1] == ',')
			word.len--;
		if (!view_is(word, "."))
			view_copy(word, mx->host, sizeof(mx->host));
	}
}

static void
answer_host(struct answer *a, const char *name)
{
	const char *addrs = "NXDOMAIN";
	struct view rest;

	for (size_t i = 0; i < nitems(hosts); i++)
		if (strcmp(hosts[i].name, name) == 0)
			addrs = hosts[i].addrs;
	if (!answer_word(a, addrs))
		return;
	rest = view_of(addrs);
	while (rest.len > 0)
		assert_true(ip_parse(view_word(&rest), &a->addrs[a->naddrs++]));
}

static void
ask_all(struct plan *p, const struct ourselves *o)
{
	static struct answer a;
	size_t first, n;

	while ((n = plan_group(p, &first)) > 0)
		for (size_t i = first; i < first + n; i++) {
			if (p->hosts[i].answer != 0)
				continue;
			answer_host(&a, p->hosts[i].host);
			plan_addresses(p, i, &a, o);
		}
}

static const char *
outcome(bool found, const struct attempts *out, const struct status *st)
{
	static struct buf text;
	char ip[IP_TEXT], code[STATUS_CODE_TEXT];

	if (text.max == 0)
		buf_init(&text, 4096);
	buf_clear(&text);
	if (!found)
		buf_printf(&text, "%d %s", st->smtp, status_code(st, code));
	for (size_t i = 0; found && i < out->n; i++)
		buf_printf(&text, "%s%s/%s", i > 0 ? " " : "",
		    out->list[i].host, ip_print(&out->list[i].ip, ip));
	return buf_string(&text);
}

/* Addresses with a space before and behind them. */
static bool
named(const void *arg, const struct ip *ip)
{
	char text[IP_TEXT + 2], print[IP_TEXT];

	snprintf(text, sizeof(text), " %s ", ip_print(ip, print));
	return strstr(arg, text) != NULL;
}

static void
test_mx(void **state)
{
	const struct chance chance = { always_first, NULL };
	const struct ourselves o = us();
	const struct doubt doubt = { named, "" };
	static struct answer a;
	static struct plan p;
	struct attempts out;
	struct status st;
	bool found;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		answer_mx(&a, cases[i].mx);
		found = plan_mx(&p, cases[i].domain, &a, &chance, &st);
		if (found) {
			ask_all(&p, &o);
			found = plan_attempts(&p, &o, &doubt, &out, &st);
		}
		check_str(
		    cases[i].mx, outcome(found, &out, &st), cases[i].want);
	}
}

static const struct {
	const char *host;
	const char *want;
} routes[] = {
	{ "a", "a/192.0.2.1" },
	{ "loop", "loop/127.0.0.1" },
	{ "us.by.address", "us.by.address/198.51.100.1" },
	{ "relay.example", "451 4.4.4" },
	{ "gone", "451 4.4.4" },
	{ "none", "451 4.4.4" },
	{ "fail", "451 4.4.3" },
	/* each of several has its turn, and one that is gone is passed over */
	{ "a,loop", "a/192.0.2.1 loop/127.0.0.1" },
	{ "many,loop", "many/2001:db8::1 many/192.0.2.1 loop/127.0.0.1" },
	{ "gone,a", "a/192.0.2.1" },
	{ "fail,a", "a/192.0.2.1" },
	{ "gone,fail", "451 4.4.3" },
	{ "[192.0.2.7],a,[::1]",
	    "[192.0.2.7]/192.0.2.7 a/192.0.2.1 [::1]/::1" },
};

static void
test_host(void **state)
{
	const struct ourselves o = us();
	const struct doubt doubt = { named, "" };
	static struct plan p;
	struct attempts out;
	struct status st;

	(void)state;
	for (size_t i = 0; i < nitems(routes); i++) {
		plan_hosts(&p, routes[i].host);
		ask_all(&p, &o);
		check_str(routes[i].host,
		    outcome(
			plan_attempts(&p, &o, &doubt, &out, &st), &out, &st),
		    routes[i].want);
	}
}

/* What has failed lately is tried last, and is never left out for that. */
static const struct {
	const char *doubt;
	const char *mx, *host; /* one of them */
	const char *want;
} doubts[] = {
	{ " 192.0.2.1 ", "10 a, 20 b", NULL, "b/192.0.2.2 a/192.0.2.1" },
	{ " 192.0.2.1 192.0.2.2 ", "10 a, 20 b", NULL,
	    "a/192.0.2.1 b/192.0.2.2" },
	{ " 192.0.2.1 ", "10 a", NULL, "a/192.0.2.1" },
	{ " 2001:db8::1 ", "10 both", NULL,
	    "both/192.0.2.1 both/2001:db8::2 both/192.0.2.2 "
	    "both/2001:db8::1" },
	/* one that would not be among the five gets the place of one that
	 * has failed */
	{ " 2001:db8::1 2001:db8::2 ", "10 many, 20 b", NULL,
	    "many/192.0.2.1 many/2001:db8::3 many/2001:db8::4 "
	    "many/2001:db8::5 b/192.0.2.2" },
	/* hosts before us only, whatever has failed */
	{ " 192.0.2.1 ", "10 a, 20 relay.example, 30 b", NULL, "a/192.0.2.1" },
	{ " 192.0.2.1 ", NULL, "a,b", "b/192.0.2.2 a/192.0.2.1" },
	/* two of each */
	{ " 2001:db8::1 ", NULL, "many,b",
	    "many/192.0.2.1 many/2001:db8::2 b/192.0.2.2" },
	{ " 192.0.2.1 2001:db8::1 2001:db8::2 2001:db8::3 2001:db8::4 ", NULL,
	    "many,b", "many/2001:db8::5 b/192.0.2.2 many/2001:db8::1" },
	{ " 192.0.2.7 ", NULL, "[192.0.2.7],[::1]",
	    "[::1]/::1 [192.0.2.7]/192.0.2.7" },
};

static void
doubt_one(const char *mx, const char *host, const struct doubt *doubt,
    struct attempts *out)
{
	const struct chance chance = { always_first, NULL };
	const struct ourselves o = us();
	static struct answer a;
	static struct plan p;
	struct status st;

	if (host != NULL && attempts_literals(out, host, doubt))
		return;
	if (host != NULL) {
		plan_hosts(&p, host);
	} else {
		answer_mx(&a, mx);
		assert_true(plan_mx(&p, "d", &a, &chance, &st));
	}
	ask_all(&p, &o);
	assert_true(plan_attempts(&p, &o, doubt, out, &st));
}

static void
test_doubt(void **state)
{
	struct attempts out;

	(void)state;
	for (size_t i = 0; i < nitems(doubts); i++) {
		const struct doubt doubt = { named, doubts[i].doubt };

		doubt_one(doubts[i].mx, doubts[i].host, &doubt, &out);
		check_str(
		    doubts[i].want, outcome(true, &out, NULL), doubts[i].want);
	}
}

/* The next of the other family, of the same host, and the rest as it was. */
static const struct {
	const char *host;
	size_t now, next;
	const char *want; /* "" there is none */
} besides[] = {
	{ "both", 0, 1,
	    "both/2001:db8::1 both/192.0.2.1 both/2001:db8::2 "
	    "both/192.0.2.2" },
	{ "both", 0, 2,
	    "both/2001:db8::1 both/192.0.2.1 both/192.0.2.2 "
	    "both/2001:db8::2" },
	{ "both", 1, 2,
	    "both/2001:db8::1 both/192.0.2.1 both/2001:db8::2 "
	    "both/192.0.2.2" },
	{ "both", 0, 4, "" },
	{ "a", 0, 1, "" },
	{ "a,six", 0, 1, "" },
};

static void
test_beside(void **state)
{
	const struct doubt doubt = { named, "" };
	struct attempts out;
	bool found;

	(void)state;
	for (size_t i = 0; i < nitems(besides); i++) {
		doubt_one(NULL, besides[i].host, &doubt, &out);
		found = attempts_beside(&out, besides[i].now, besides[i].next);
		check_int(besides[i].host, found, besides[i].want[0] != '\0');
		if (found)
			check_str(besides[i].host, outcome(true, &out, NULL),
			    besides[i].want);
	}
}

static const struct {
	const char *literal;
	bool judged;
	const char *want;
} literals[] = {
	{ "[192.0.2.1]", true, "[192.0.2.1]/192.0.2.1" },
	{ "[IPv6:2001:db8::1]", true, "[IPv6:2001:db8::1]/2001:db8::1" },
	{ "[2001:db8::1]", false, "[2001:db8::1]/2001:db8::1" },
	{ "[127.0.0.1]", true, "550 5.4.4" },
	{ "[127.0.0.1]", false, "[127.0.0.1]/127.0.0.1" },
	{ "[127.1.2.3]", true, "[127.1.2.3]/127.1.2.3" },
	{ "[198.51.100.1]", true, "550 5.4.4" },
	{ "[IPv6:::ffff:127.0.0.1]", true, "550 5.4.4" },
	{ "[IPv6:::]", true, "550 5.4.4" },
	{ "[192.0.2]", true, "550 5.1.2" },
	{ "[x]", false, "550 5.1.2" },
	{ "192.0.2.1", false, "550 5.1.2" },
};

static void
test_literal(void **state)
{
	const struct ourselves o = us();
	struct attempts out;
	struct status st;
	bool found;

	(void)state;
	for (size_t i = 0; i < nitems(literals); i++) {
		found = attempts_literal(&out, literals[i].literal,
		    literals[i].judged ? &o : NULL, &st);
		check_str(literals[i].literal, outcome(found, &out, &st),
		    literals[i].want);
	}
}

static uint32_t
next_number(void *arg, uint32_t bound)
{
	uint32_t *seed = arg;

	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % bound;
}

/* Each of three equals comes first about as often as the others. */
static void
test_random(void **state)
{
	uint32_t seed = 1;
	const struct chance chance = { next_number, &seed };
	size_t first[3] = { 0 };
	static struct answer a;
	static struct plan p;
	struct status st;

	(void)state;
	answer_mx(&a, "10 a, 10 b, 10 c, 20 six");
	for (int i = 0; i < 3000; i++) {
		assert_true(plan_mx(&p, "d", &a, &chance, &st));
		check_str("last", p.hosts[3].host, "six");
		first[p.hosts[0].host[0] - 'a']++;
	}
	for (size_t i = 0; i < 3; i++)
		assert_true(first[i] > 900 && first[i] < 1100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mx),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
