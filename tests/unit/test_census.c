/* SPDX-License-Identifier: ISC */
/* tests/unit/test_census.c - counts over workers, windows, a full table. */
#include "tests/unit/check.h"

#include "common/base/alloc.h"
#include "common/base/census.h"

#include <stdio.h>
#include <sys/mman.h>

enum { WORKERS = 3, HOUR = 3600 };

struct world {
	struct census_table *table;
	struct census of[WORKERS];
};

static void
begin(struct world *w)
{
	w->table = mmap(NULL, sizeof(*w->table), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(w->table != MAP_FAILED);
	w->table->head.seed = 0x1234567890abcdef;
	for (size_t i = 0; i < WORKERS; i++) {
		w->of[i].all = w->table;
		w->of[i].mine = &w->table->columns[i];
		atomic_store(&w->table->head.active[i], 1);
	}
}

static void
end(struct world *w)
{
	munmap(w->table, sizeof(*w->table));
}

static uint64_t
key_of(const char *text)
{
	struct ip ip;

	if (!ip_parse(view_of(text), &ip))
		fail_msg("no address: %s", text);
	return census_key(&ip);
}

static void
test_keys(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "::ffff:192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "2001:db8::1", "2001:db8::2", true },
		{ "2001:db8::1", "2001:db8:0:0:ffff::1", true },
		{ "2001:db8::1", "2001:db8:0:1::1", false },
		{ "::1", "0.0.0.0", false },
		{ "::1", "255.255.255.255", false },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		check_int(cases[i].a, key_of(cases[i].a) == key_of(cases[i].b),
		    cases[i].same);
	assert_true(key_of("::1") != 0);
}

static void
test_connections(void **state)
{
	uint64_t a = key_of("192.0.2.1"), b = key_of("192.0.2.2");
	struct world w;

	(void)state;
	begin(&w);
	assert_int_equal(census_connections(&w.of[0], a), 0);
	assert_true(census_enter(&w.of[0], a, 1000));
	assert_true(census_enter(&w.of[0], a, 1000));
	assert_true(census_enter(&w.of[1], a, 1000));
	assert_true(census_enter(&w.of[1], b, 1000));
	for (size_t i = 0; i < WORKERS; i++) {
		assert_int_equal(census_connections(&w.of[i], a), 3);
		assert_int_equal(census_connections(&w.of[i], b), 1);
	}
	census_leave(&w.of[0], a);
	assert_int_equal(census_connections(&w.of[2], a), 2);
	/* never below nothing, nor into another worker's column */
	census_leave(&w.of[2], a);
	census_leave(&w.of[0], a);
	census_leave(&w.of[0], a);
	assert_int_equal(census_connections(&w.of[2], a), 1);
	/* a worker has died: what it wrote does not count */
	atomic_store(&w.table->head.active[1], 0);
	assert_int_equal(census_connections(&w.of[2], a), 0);
	end(&w);
}

static void
note(struct world *w, size_t who, uint64_t key, int n, int64_t now_ms)
{
	for (int i = 0; i < n; i++)
		census_note(&w->of[who], key, CENSUS_MESSAGES, HOUR, now_ms);
}

static uint32_t
rate(const struct world *w, uint64_t key, int64_t now_ms)
{
	return census_rate(&w->of[2], key, CENSUS_MESSAGES, HOUR, now_ms);
}

static void
test_rates(void **state)
{
	const int64_t hour = HOUR * 1000, start = 1000 * hour;
	uint64_t a = key_of("2001:db8::1");
	struct world w;

	(void)state;
	begin(&w);
	note(&w, 0, a, 5, start); /* has no connection: nobody's */
	assert_int_equal(rate(&w, a, start), 0);
	census_enter(&w.of[0], a, start);
	census_enter(&w.of[1], a, start);
	note(&w, 0, a, 60, start);
	note(&w, 1, a, 40, start + hour / 2);
	assert_int_equal(rate(&w, a, start + hour / 2), 100);
	assert_int_equal(rate(&w, a, start + hour - 1), 100);
	/* the next window: what was before fades */
	assert_int_equal(rate(&w, a, start + hour), 100);
	assert_int_equal(rate(&w, a, start + hour + hour / 2), 50);
	note(&w, 0, a, 10, start + hour + hour / 2);
	assert_int_equal(rate(&w, a, start + hour + hour / 2), 60);
	assert_int_equal(rate(&w, a, start + 2 * hour), 10);
	assert_int_equal(rate(&w, a, start + 3 * hour), 0);
	note(&w, 0, a, 1, start + 9 * hour);
	assert_int_equal(rate(&w, a, start + 9 * hour), 1);
	/* other things are counted by themselves */
	assert_int_equal(
	    census_rate(&w.of[0], a, CENSUS_ERRORS, HOUR, start + 9 * hour), 0);
	end(&w);
}

/* The seed is known here: addresses of one bucket can be found. */
static bool
same_bucket(struct world *w, uint64_t a, uint64_t b)
{
	size_t of_a = SIZE_MAX, of_b = SIZE_MAX;

	memset(&w->table->columns[2], 0, sizeof(w->table->columns[2]));
	census_enter(&w->of[2], a, 0);
	census_enter(&w->of[2], b, 0);
	for (size_t i = 0; i < CENSUS_BUCKETS; i++)
		for (size_t j = 0; j < CENSUS_WAYS; j++) {
			uint64_t k = w->table->columns[2].slots[i][j].key;

			of_a = k == a ? i : of_a;
			of_b = k == b ? i : of_b;
		}
	return of_a == of_b;
}

static void
find_mates(struct world *w, uint64_t *mates, size_t n)
{
	uint64_t next = UINT64_C(0xffffffff0a000000);

	mates[0] = next++;
	for (size_t i = 1; i < n; next++)
		if (same_bucket(w, mates[0], next))
			mates[i++] = next;
	memset(&w->table->columns[2], 0, sizeof(w->table->columns[2]));
}

static void
test_full(void **state)
{
	uint64_t mates[CENSUS_WAYS + 2];
	struct world w;

	(void)state;
	begin(&w);
	find_mates(&w, mates, nitems(mates));
	for (size_t i = 0; i < CENSUS_WAYS; i++)
		assert_true(
		    census_enter(&w.of[0], mates[i], 1000 * (int64_t)i));
	/* who is connected keeps the place */
	assert_false(census_enter(&w.of[0], mates[CENSUS_WAYS], 99000));
	assert_int_equal(census_connections(&w.of[0], mates[CENSUS_WAYS]), 0);
	assert_true(census_enter(&w.of[1], mates[CENSUS_WAYS], 99000));
	/* of those who left, the longest unseen goes, with its counts */
	note(&w, 0, mates[4], 7, 4000);
	census_leave(&w.of[0], mates[4]);
	census_leave(&w.of[0], mates[9]);
	assert_true(census_enter(&w.of[0], mates[CENSUS_WAYS], 99000));
	assert_int_equal(rate(&w, mates[4], 4000), 0);
	assert_int_equal(rate(&w, mates[CENSUS_WAYS], 4000), 0);
	assert_true(census_enter(&w.of[0], mates[9], 99000));
	assert_false(census_enter(&w.of[0], mates[4], 99000));
	for (size_t i = 0; i < CENSUS_WAYS; i++)
		assert_int_equal(
		    census_connections(&w.of[0], mates[i]), i != 4);
	end(&w);
}

/* As many clients as a worker may have, of as many addresses. */
static void
test_many(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	for (uint32_t i = 0; i < 10000; i++)
		assert_true(census_enter(
		    &w.of[0], UINT64_C(0xffffffff7f000000) + i, 1000));
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(census_connections(&w.of[1],
				     UINT64_C(0xffffffff7f000000) + i),
		    1);
	end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
