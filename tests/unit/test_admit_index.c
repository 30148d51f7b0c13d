/* SPDX-License-Identifier: ISC */
/* tests/unit/test_admit_index.c - what was added is found, and no other. */
#include "queue/admit_index.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 20000 };

static uint64_t
hash_of(const struct admit_index *x, uint32_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "r%u@example.org", n);
	return admit_index_hash(x, NULL, text);
}

static void
test_many(void **state)
{
	struct admit_index *x = admit_index_new(42);
	size_t at;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		const struct admit_place p = { hash_of(x, i), i / 100, i };

		admit_index_add(x, &p);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		struct admit_place *p;

		at = 0;
		do {
			p = admit_index_next(x, hash_of(x, i), &at);
			assert_non_null(p);
		} while (p->rcpt != i);
		assert_int_equal(p->group, i / 100);
	}
	at = 0;
	assert_null(admit_index_next(x, hash_of(x, MANY), &at));
	admit_index_free(x);
}

/* The same hash twice: both are found, in any order, then no more. */
static void
test_same(void **state)
{
	struct admit_index *x = admit_index_new(7);
	const struct admit_place a = { 16, 1, 1 }, b = { 16, 2, 2 };
	size_t at = 0;
	uint32_t sum = 0;

	(void)state;
	admit_index_add(x, &a);
	admit_index_add(x, &b);
	for (int i = 0; i < 2; i++)
		sum += admit_index_next(x, 16, &at)->rcpt;
	assert_int_equal(sum, 3);
	assert_null(admit_index_next(x, 16, &at));
	admit_index_free(x);
}

/* Owner, text and key all count. */
static void
test_hash(void **state)
{
	struct admit_index *x = admit_index_new(1), *y = admit_index_new(2);
	int here;

	(void)state;
	assert_true(
	    admit_index_hash(x, NULL, "a") == admit_index_hash(x, NULL, "a"));
	assert_false(
	    admit_index_hash(x, NULL, "a") == admit_index_hash(x, NULL, "b"));
	assert_false(
	    admit_index_hash(x, NULL, "a") == admit_index_hash(x, &here, "a"));
	assert_false(
	    admit_index_hash(x, NULL, "a") == admit_index_hash(y, NULL, "a"));
	admit_index_free(x);
	admit_index_free(y);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
