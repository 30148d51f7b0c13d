/* SPDX-License-Identifier: ISC */
/* tests/unit/test_overview.c - the queue by destination, to be read. */
#include "tools/overview.h"

#include "tests/unit/check.h"

enum { NOW = 86400000 };

static const struct msg_summary rows[] = {
	{ .messages = 12,
	    .oldest = NOW - 7200000,
	    .not_before = NOW + 300000,
	    .failures = 3,
	    .destination = "mx d.example port 25",
	    .error = "refused\033" },
	{ .messages = 1,
	    .oldest = NOW - 1000,
	    .suspended = INT64_MAX,
	    .destination = "host e.example port 26",
	    .reason = "they said so",
	    .error = "old" },
	{ .messages = 1, .oldest = NOW },
};

static void
run(struct overview *o, const char *want)
{
	struct buf out;

	buf_init(&out, 65536);
	o->out = &out;
	o->now = NOW;
	for (size_t i = 0; i < nitems(rows); i++)
		overview_row(o, &rows[i]);
	overview_end(o);
	assert_string_equal(buf_string(&out), want);
	buf_free(&out);
}

static void
test_table(void **state)
{
	struct overview o = { 0 };

	(void)state;
	run(&o, "MESSAGES OLDEST      NEXT  DESTINATION\n"
		"      12     2h        5m  mx d.example port 25\n"
		"    refused\\x1b\n"
		"       1     1s suspended  host e.example port 26\n"
		"    they said so\n"
		"       1     0s      held  no place to go\n"
		"3 destinations\n");
}

static void
test_json(void **state)
{
	struct overview o = { .json = true };

	(void)state;
	run(&o, "{\"messages\":12,\"destination\":\"mx d.example port 25\","
		"\"oldest\":\"1970-01-01T22:00:00Z\","
		"\"not_before\":\"1970-01-02T00:05:00Z\",\"failures\":3,"
		"\"suspended\":null,\"reason\":\"\","
		"\"error\":\"refused\\u001b\"}\n"
		"{\"messages\":1,\"destination\":\"host e.example port 26\","
		"\"oldest\":\"1970-01-01T23:59:59Z\",\"not_before\":null,"
		"\"failures\":0,\"suspended\":\"forever\","
		"\"reason\":\"they said so\",\"error\":\"old\"}\n"
		"{\"messages\":1,\"destination\":\"\","
		"\"oldest\":\"1970-01-02T00:00:00Z\",\"not_before\":null,"
		"\"failures\":0,\"suspended\":null,\"reason\":\"\","
		"\"error\":\"\"}\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
