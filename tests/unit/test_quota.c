/* SPDX-License-Identifier: ISC */
/* tests/unit/test_quota.c - what one sender may give us in any hour. */
#include "tests/unit/check.h"

#include "queue/quota.h"

#include <stdio.h>

enum { HOUR_MS = 3600 * 1000 };

static const int64_t start = INT64_C(1000000) * HOUR_MS;

static const struct quota_limits limits = { .rate = {
						{ 3, 3600 }, { 10, 3600 } } };

static const struct {
	const char *label, *who;
	uint32_t rcpts;
	int64_t at; /* ms after the start of an hour */
	enum quota_kind want;
} steps[] = {
	{ "first", "a", 1, 0, QUOTA_KINDS },
	{ "second", "a", 1, 1, QUOTA_KINDS },
	{ "third", "a", 1, 2, QUOTA_KINDS },
	{ "one too many", "a", 1, 3, QUOTA_MESSAGES },
	{ "and again, refusals count nothing", "a", 1, 4, QUOTA_MESSAGES },
	{ "another sender has his own", "b", 1, 4, QUOTA_KINDS },
	{ "too many recipients at once", "b", 11, 5, QUOTA_RECIPIENTS },
	{ "just as many as there may be", "b", 9, 5, QUOTA_KINDS },
	{ "none left", "b", 1, 6, QUOTA_RECIPIENTS },
	{ "at the end of the hour", "a", 1, HOUR_MS - 1, QUOTA_MESSAGES },
	{ "a new one by the clock is not a new hour", "a", 1, HOUR_MS,
	    QUOTA_MESSAGES },
	{ "a third of it later one is free", "a", 1, HOUR_MS * 4 / 3 + 1,
	    QUOTA_KINDS },
	{ "but only one", "a", 1, HOUR_MS * 4 / 3 + 2, QUOTA_MESSAGES },
	{ "after a silence all are", "a", 1, 5 * HOUR_MS, QUOTA_KINDS },
	{ "two", "a", 1, 5 * HOUR_MS, QUOTA_KINDS },
	{ "three", "a", 1, 5 * HOUR_MS, QUOTA_KINDS },
	{ "four", "a", 1, 5 * HOUR_MS, QUOTA_MESSAGES },
};

static void
test_steps(void **state)
{
	struct quotas *q = quotas_new();

	(void)state;
	for (size_t i = 0; i < nitems(steps); i++)
		check_int(steps[i].label,
		    quota_take(q, steps[i].who, &limits, steps[i].rcpts,
			start + steps[i].at),
		    steps[i].want);
	quotas_free(q);
}

static void
test_no_limit(void **state)
{
	const struct quota_limits none = { .rate = { { 0, 1 }, { 0, 1 } } };
	struct quotas *q = quotas_new();

	(void)state;
	for (int i = 0; i < 1000; i++)
		check_int(
		    "any", quota_take(q, "a", &none, 1000, start), QUOTA_KINDS);
	quotas_free(q);
}

/* Memory has a bound; who speaks is remembered, who was silent longest not. */
static void
test_many_senders(void **state)
{
	const struct quota_limits one = { .rate = {
					      { 1, 3600 }, { 9, 3600 } } };
	struct quotas *q = quotas_new();
	char who[32];

	(void)state;
	for (int i = 0; i < QUOTA_SENDERS; i++) {
		snprintf(who, sizeof(who), "uid %d", i);
		check_int(
		    "new", quota_take(q, who, &one, 1, start), QUOTA_KINDS);
	}
	check_int("the first is known", quota_take(q, "uid 0", &one, 1, start),
	    QUOTA_MESSAGES);
	check_int(
	    "one more", quota_take(q, "new", &one, 1, start), QUOTA_KINDS);
	check_int("the first is still known",
	    quota_take(q, "uid 0", &one, 1, start), QUOTA_MESSAGES);
	check_int("the second had to go",
	    quota_take(q, "uid 1", &one, 1, start), QUOTA_KINDS);
	quotas_free(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_many_senders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
