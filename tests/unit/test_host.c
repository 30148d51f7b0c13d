/* SPDX-License-Identifier: ISC */
/* tests/unit/test_host.c - what A and AAAA say together. */
#include "resolve/host.h"

#include "tests/unit/check.h"

enum { F = ANSWER_FOUND, N = ANSWER_NONE, X = ANSWER_NO_NAME };
enum { T = ANSWER_TROUBLE };

static const struct {
	int six, four, both;
} kinds[] = {
	{ F, F, F },
	{ F, N, F },
	{ N, F, F },
	{ F, X, F },
	{ X, F, F },
	{ F, T, F },
	{ T, F, F },
	{ N, N, N },
	{ N, X, N },
	{ X, N, N },
	{ X, X, X },
	{ T, N, T },
	{ N, T, T },
	{ T, X, T },
	{ X, T, T },
	{ T, T, T },
};

static struct answer *
make(int kind, uint8_t family, size_t count, uint32_t ttl)
{
	struct ip ip = { .family = family };
	struct answer *a;

	if (kind == T) {
		a = answer_new_trouble(family == 6 ? "six" : "four");
	} else {
		a = answer_new((enum answer_kind)kind, count);
		for (size_t i = 0; kind == F && i < count; i++) {
			ip.bytes[0] = (uint8_t)(i + 1);
			answer_add_ip(a, &ip);
		}
	}
	a->secure = true;
	a->ttl = ttl;
	return a;
}

static void
take(struct host *h, enum host_family family, struct answer *a)
{
	bool last = h->parts[0].known || h->parts[1].known;

	check_int("both known", host_take(h, family, a, a->ttl), last);
	answer_free(a);
}

static void
test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(kinds); i++) {
		struct msg_answer_end end;
		struct ip ips[ANSWER_ADDR_MAX];
		struct host h = { 0 };
		int want = (kinds[i].six == F) + (kinds[i].four == F);

		take(&h, HOST_FOUR, make(kinds[i].four, 4, 1, 50));
		take(&h, HOST_SIX, make(kinds[i].six, 6, 1, 60));
		host_end(&h, &end);
		check_int("kind", end.kind, kinds[i].both);
		check_int("ttl", end.ttl, 50);
		check_int("addresses", host_ips(&h, ips), want);
		if (end.kind == T)
			check_str("text", end.text,
			    kinds[i].six == T ? "six" : "four");
		else
			check_str("text", end.text, "");
	}
}

static void
test_turns(void **state)
{
	struct ip ips[ANSWER_ADDR_MAX];
	struct host h = { 0 };

	(void)state;
	take(&h, HOST_SIX, make(F, 6, 1, 60));
	take(&h, HOST_FOUR, make(F, 4, 3, 60));
	check_int("all", host_ips(&h, ips), 4);
	check_int("first", ips[0].family, 6);
	check_int("second", ips[1].family, 4);
	check_int("third", ips[2].family, 4);
	check_int("last", ips[3].bytes[0], 3);
}

static void
test_many(void **state)
{
	struct ip ips[ANSWER_ADDR_MAX];
	struct host h = { 0 };
	int six = 0;

	(void)state;
	take(&h, HOST_SIX, make(F, 6, ANSWER_ADDR_MAX, 60));
	take(&h, HOST_FOUR, make(F, 4, ANSWER_ADDR_MAX, 60));
	check_int("bounded", host_ips(&h, ips), ANSWER_ADDR_MAX);
	for (size_t i = 0; i < ANSWER_ADDR_MAX; i++)
		six += ips[i].family == 6;
	check_int("half of each", six, ANSWER_ADDR_MAX / 2);
}

static void
test_secure(void **state)
{
	struct msg_answer_end end;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct host h = { 0 };
		struct answer *six = make(F, 6, 1, 60);
		struct answer *four = make(F, 4, 1, 60);

		six->secure = (i & 1) != 0;
		four->secure = (i & 2) != 0;
		take(&h, HOST_SIX, six);
		take(&h, HOST_FOUR, four);
		host_end(&h, &end);
		check_int("only both", end.secure, i == 3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_secure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
