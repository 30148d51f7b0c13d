/* SPDX-License-Identifier: ISC */
/* tests/unit/test_cache.c - an answer is believed as long as it may be. */
#include "resolve/cache.h"

#include <stdio.h>

#include "tests/unit/check.h"

enum { NOW = 1000000 };

static const struct key mx = { "a.test", DNS_MX };

static const struct {
	enum answer_kind kind;
	uint32_t ttl;
	uint32_t kept; /* seconds */
} bounds[] = {
	{ ANSWER_FOUND, 300, 300 },
	{ ANSWER_FOUND, 0, CACHE_TTL_LEAST },
	{ ANSWER_FOUND, 4, CACHE_TTL_LEAST },
	{ ANSWER_FOUND, 86401, 86400 },
	{ ANSWER_FOUND, UINT32_MAX, 86400 },
	{ ANSWER_NONE, 60, 60 },
	{ ANSWER_NONE, 0, CACHE_TTL_LEAST },
	{ ANSWER_NONE, 901, 900 },
	{ ANSWER_NO_NAME, 86400, 900 },
	{ ANSWER_TROUBLE, 0, CACHE_TTL_TROUBLE },
	{ ANSWER_TROUBLE, 300, CACHE_TTL_TROUBLE },
};

static struct answer *
make(enum answer_kind kind, uint32_t ttl)
{
	struct answer *a = answer_new(kind, 0);

	a->ttl = ttl;
	return a;
}

static void
test_bounds(void **state)
{
	struct cache *c = cache_new(10, 1);
	char label[64];
	uint32_t ttl;

	(void)state;
	for (size_t i = 0; i < nitems(bounds); i++) {
		int64_t end = NOW + (int64_t)bounds[i].kept * 1000;

		snprintf(label, sizeof(label), "kind %d ttl %u", bounds[i].kind,
		    bounds[i].ttl);
		cache_put(
		    c, mx, make(bounds[i].kind, bounds[i].ttl), NOW, &ttl);
		check_int(label, ttl, bounds[i].kept);
		assert_non_null(cache_get(c, mx, NOW, &ttl));
		check_int(label, ttl, bounds[i].kept);
		assert_non_null(cache_get(c, mx, end - 1, &ttl));
		check_int(label, ttl, 1);
		assert_null(cache_get(c, mx, end, &ttl));
		check_int("dropped", cache_count(c), 0);
	}
	cache_free(c);
}

static void
test_keys(void **state)
{
	const struct key a = { "a.test", DNS_A }, other = { "b.test", DNS_MX };
	struct cache *c = cache_new(10, 1);
	struct answer *first = make(ANSWER_NONE, 60);
	struct answer *second = make(ANSWER_FOUND, 60);
	uint32_t ttl;

	(void)state;
	cache_put(c, mx, first, NOW, &ttl);
	assert_null(cache_get(c, a, NOW, &ttl));
	assert_null(cache_get(c, other, NOW, &ttl));
	cache_put(c, a, second, NOW, &ttl);
	assert_ptr_equal(cache_get(c, mx, NOW, &ttl), first);
	assert_ptr_equal(cache_get(c, a, NOW, &ttl), second);
	/* a newer answer takes the place of the older one */
	cache_put(c, mx, make(ANSWER_FOUND, 60), NOW, &ttl);
	check_int("kind", cache_get(c, mx, NOW, &ttl)->kind, ANSWER_FOUND);
	check_int("count", cache_count(c), 2);
	cache_free(c);
}

static struct key
numbered(char room[16], int n)
{
	struct key k = { room, DNS_A };

	snprintf(room, 16, "h%d.test", n);
	return k;
}

static void
test_full(void **state)
{
	struct cache *c = cache_new(100, 1);
	char name[16];
	uint32_t ttl;

	(void)state;
	for (int i = 0; i < 100; i++)
		cache_put(
		    c, numbered(name, i), make(ANSWER_FOUND, 60), NOW, &ttl);
	/* asked for again, so not the one to go */
	assert_non_null(cache_get(c, numbered(name, 0), NOW, &ttl));
	for (int i = 100; i < 150; i++)
		cache_put(
		    c, numbered(name, i), make(ANSWER_FOUND, 60), NOW, &ttl);
	check_int("count", cache_count(c), 100);
	assert_non_null(cache_get(c, numbered(name, 0), NOW, &ttl));
	for (int i = 1; i <= 50; i++)
		assert_null(cache_get(c, numbered(name, i), NOW, &ttl));
	for (int i = 51; i < 150; i++)
		assert_non_null(cache_get(c, numbered(name, i), NOW, &ttl));
	cache_free(c);
}

static void
test_records_live_on(void **state)
{
	struct cache *c = cache_new(10, 1);
	struct answer *a = answer_new(ANSWER_FOUND, 1);
	const struct answer *found;
	uint32_t ttl;

	(void)state;
	answer_add_mx(a, 10, "mx.test");
	cache_put(c, mx, a, NOW, &ttl);
	found = cache_get(c, mx, NOW, &ttl);
	check_int("count", found->count, 1);
	check_str("host", found->records[0].host, "mx.test");
	cache_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_records_live_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
