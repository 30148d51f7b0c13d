/* SPDX-License-Identifier: ISC */
/* tests/unit/test_smtpd_stock.c - files in hand, and how many to wish for. */
#include "tests/unit/check.h"

#include "smtpd/stock.h"

#include <fcntl.h>
#include <unistd.h>

static void
test_order(void **state)
{
	struct stock st = { 0 };
	struct body_file f = { .fd = -1 }, first;

	(void)state;
	check_int("none", stock_pick(&st, &f), false);
	check_int("no fd", f.fd, -1);
	for (uint64_t id = 1; id <= STOCK_MAX; id++) {
		f = (struct body_file){ .fd = 1000, .id = id };
		check_int("put", stock_put(&st, &f), true);
	}
	check_int("full", stock_put(&st, &f), false);
	check_int("take", stock_pick(&st, &first), true);
	check_int("the oldest", first.id, 1);
	check_int("given back", stock_give_back(&st, &first), true);
	for (uint64_t id = 1; id <= STOCK_MAX; id++) {
		check_int("take", stock_pick(&st, &f), true);
		check_int("in order", f.id, id);
	}
	check_int("empty", stock_pick(&st, &f), false);
}

static void
test_dirty(void **state)
{
	struct stock st = { 0 };
	struct body_file f = { .fd = 1000, .id = 7, .dirty = true };

	(void)state;
	check_int("not again", stock_give_back(&st, &f), false);
	check_int("left out", st.n, 0);
}

static void
test_drop(void **state)
{
	struct stock st = { 0 };
	struct body_file f = { .id = 7 };

	(void)state;
	f.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	check_int("put", stock_put(&st, &f), true);
	st.wished = 16;
	stock_drop(&st);
	check_int("empty", st.n, 0);
	check_int("closed", fcntl(f.fd, F_GETFD), -1);
	check_int("to be told anew", st.wished, 0);
}

static const struct {
	uint32_t wished;
	size_t in_use;
	bool calm;
	uint32_t want;
	bool told;
} wishes[] = {
	{ 0, 0, false, 16, true },
	{ 16, 0, false, 16, false },
	{ 16, 0, true, 16, false },
	{ 16, 1, false, 32, true },
	{ 32, 8, false, 32, false },
	{ 32, 9, false, 48, true },
	{ 32, 10000, false, 256, true },
	{ 256, 0, false, 256, false },
	{ 256, 0, true, 240, true },
	{ 32, 0, true, 16, true },
};

static void
test_wish(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(wishes); i++) {
		struct stock st = { .max = STOCK_MAX,
			.wished = wishes[i].wished };
		uint32_t wish;

		check_int("told",
		    stock_wish(&st, wishes[i].in_use, wishes[i].calm, &wish),
		    wishes[i].told);
		check_int("wish", wish, wishes[i].want);
		check_int("noted", st.wished, wishes[i].want);
	}
}

/* Where descriptors are few. */
static void
test_small(void **state)
{
	struct stock st = { .max = 20 };
	uint32_t wish;

	(void)state;
	check_int("told", stock_wish(&st, 100, false, &wish), true);
	check_int("no more", wish, 20);
	check_int("less", stock_wish(&st, 0, true, &wish), true);
	check_int("less", wish, 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_dirty),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_wish),
		cmocka_unit_test(test_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
