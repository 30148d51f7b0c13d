/* SPDX-License-Identifier: ISC */
/* tests/unit/test_report_filter.c - what a listing leaves out. */
#include "queue/report_filter.h"

#include "tests/unit/check.h"

static const struct {
	const char *name;
	struct msg_ask_queue f;
	const char *sender;
	int64_t received;
	struct msg_row_rcpt r;
	bool message, rcpt;
} cases[] = {
	{ "nothing asked", { 0 }, "a@b", 5, { .address = "c@d" }, true, true },
	{ "sender", { .sender = "A@B" }, "a@b", 5, { 0 }, true, true },
	{ "another", { .sender = "a@b" }, "aa@b", 5, { 0 }, false, true },
	{ "domain of it", { .sender = "@b" }, "x@B", 5, { 0 }, true, true },
	{ "part of it", { .sender = "@b" }, "x@bb", 5, { 0 }, false, true },
	{ "null", { .sender = "<>" }, "", 5, { 0 }, true, true },
	{ "not null", { .sender = "<>" }, "a@b", 5, { 0 }, false, true },
	{ "null has no domain", { .sender = "@b" }, "", 5, { 0 }, false, true },
	{ "older", { .older = 5 }, "", 5, { 0 }, true, true },
	{ "not older", { .older = 4 }, "", 5, { 0 }, false, true },
	{ "younger", { .younger = 5 }, "", 5, { 0 }, true, true },
	{ "not younger", { .younger = 6 }, "", 5, { 0 }, false, true },
	{ "recipient", { .recipient = "c@d" }, "", 5, { .address = "C@d" },
	    true, true },
	{ "as it was", { .recipient = "o@d" }, "", 5,
	    { .address = "c@d", .original = "o@d" }, true, true },
	{ "another recipient", { .recipient = "o@d" }, "", 5,
	    { .address = "c@d" }, true, false },
	{ "domain", { .domain = "D.example" }, "", 5,
	    { .address = "c@d.example" }, true, true },
	{ "below it", { .domain = "example" }, "", 5,
	    { .address = "c@d.example" }, true, false },
	{ "quoted @", { .domain = "d" }, "", 5, { .address = "\"a@x\"@d" },
	    true, true },
	{ "state", { .state = GROUP_HELD }, "", 5, { .state = GROUP_HELD },
	    true, true },
	{ "another state", { .state = GROUP_HELD }, "", 5,
	    { .state = GROUP_WAITING }, true, false },
	{ "error", { .error = "REFUSED" }, "", 5,
	    { .error = "451 connection refused" }, true, true },
	{ "no error", { .error = "refused" }, "", 5, { .error = "refuse" },
	    true, false },
	{ "two of one", { .error = "x", .domain = "d" }, "", 5,
	    { .error = "x", .address = "a@e" }, true, false },
};

static void
test_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		check_int(cases[i].name,
		    filter_message(
			&cases[i].f, cases[i].sender, cases[i].received),
		    cases[i].message);
		check_int(cases[i].name, filter_rcpt(&cases[i].f, &cases[i].r),
		    cases[i].rcpt);
		check_int(cases[i].name, filter_asks(&cases[i].f), i > 0);
		check_int(cases[i].name, filter_sound(&cases[i].f), true);
	}
}

static void
test_unsound(void **state)
{
	const struct msg_ask_queue bad[] = { { .state = 5 }, { .older = -1 },
		{ .younger = -1 }, { .brief = 2 } };

	(void)state;
	for (size_t i = 0; i < nitems(bad); i++)
		assert_false(filter_sound(&bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_unsound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
