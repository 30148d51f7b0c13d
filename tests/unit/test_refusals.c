/* SPDX-License-Identifier: ISC */
/* tests/unit/test_refusals.c - tests of deliver/refusals.c */
#include "deliver/refusals.h"

#include "common/base/clock.h"
#include "tests/unit/check.h"

static struct refusals all;

static struct ip
ip_of(uint32_t n)
{
	return (struct ip){ .family = 4,
		.bytes = {
		    192, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n } };
}

static bool
know(uint32_t n, uint16_t port)
{
	const struct ip ip = ip_of(n);

	return refusals_know(&all, &ip, port);
}

static void
note(uint32_t n, uint16_t port)
{
	const struct ip ip = ip_of(n);

	refusals_note(&all, &ip, port);
}

static void
test_time(void **state)
{
	const struct ip one = ip_of(1);

	(void)state;
	clock_set_for_test(5000);
	refusals_init(&all, 300);
	assert_false(know(1, 25));
	note(1, 25);
	assert_true(know(1, 25));
	assert_false(know(1, 26));
	assert_false(know(2, 25));
	clock_set_for_test(304999);
	assert_true(know(1, 25));
	clock_set_for_test(305000);
	assert_false(know(1, 25));
	note(1, 25);
	clock_set_for_test(400000);
	note(1, 25); /* once more: from now on */
	clock_set_for_test(699999);
	assert_true(know(1, 25));
	refusals_forget(&all, &one, 26);
	assert_true(know(1, 25));
	refusals_forget(&all, &one, 25);
	assert_false(know(1, 25));
}

/* Any number costs no memory; the last ones are known, one at a time too. */
static void
test_many(void **state)
{
	size_t known = 0;

	(void)state;
	refusals_init(&all, 300);
	for (uint32_t i = 0; i < 100000; i++) {
		clock_set_for_test(1000 + i / 1000);
		note(i, 25);
		assert_true(know(i, 25));
	}
	for (uint32_t i = 0; i < 100000; i++)
		known += know(i, 25);
	assert_true(known <= (size_t)REFUSALS_SETS * REFUSALS_EACH);
	assert_true(known > (size_t)REFUSALS_SETS * REFUSALS_EACH / 2);
	/* what there is room for is not forgotten for nothing */
	refusals_init(&all, 300);
	for (uint32_t i = 0; i < 4; i++)
		for (int k = 0; k < 100; k++)
			note(i, 25);
	for (uint32_t i = 0; i < 4; i++)
		assert_true(know(i, 25));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
