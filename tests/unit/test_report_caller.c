/* SPDX-License-Identifier: ISC */
/* tests/unit/test_report_caller.c - who is an operator. */
#include "queue/report_caller.h"

#include "tests/unit/check.h"

#include <sys/socket.h>
#include <unistd.h>

static const struct {
	const char *who;
	struct caller caller;
	uint32_t own, operators;
	bool is;
} cases[] = {
	{ "root", { 0, { 0 }, 1 }, 100, 0, true },
	{ "the suite", { 100, { 100 }, 1 }, 100, 0, true },
	{ "a user", { 1000, { 1000 }, 1 }, 100, 50, false },
	{ "primary group", { 1000, { 50 }, 1 }, 100, 50, true },
	{ "another group", { 1000, { 1000, 4, 50 }, 3 }, 100, 50, true },
	{ "left over", { 1000, { 1000, 4, 50 }, 2 }, 100, 50, false },
	{ "no such group", { 1000, { 1000, 0 }, 2 }, 100, 0, false },
};

static void
test_operator(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		check_int(cases[i].who,
		    caller_is_operator(
			&cases[i].caller, cases[i].own, cases[i].operators),
		    cases[i].is);
}

static void
test_kernel_tells(void **state)
{
	struct caller c;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	assert_true(caller_read(fds[0], &c));
	assert_int_equal(c.uid, geteuid());
	assert_int_equal(c.groups[0], getegid());
	close(fds[0]);
	close(fds[1]);
	assert_false(caller_read(fds[0], &c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operator),
		cmocka_unit_test(test_kernel_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
