/* SPDX-License-Identifier: ISC */
/* tests/unit/test_rcptlist.c - recipients completed, each once. */
#include "tools/rcptlist.h"

#include "tests/unit/check.h"

static char refused[1000];

static void
on_bad(const char *spec)
{
	strlcat(refused, spec, sizeof(refused));
	strlcat(refused, "|", sizeof(refused));
}

static void
test_complete(void **state)
{
	static const char list[] = "root, a@B.Example, a@b.example, "
				   "\"x\"@y, John Doe, a..b@c, A@b.example, "
				   "Root, \"at@quoted\", joe@[192.0.2.1]";
	static const char *const want[] = { "root@host.example", "a@b.example",
		"x@y", "A@b.example", "Root@host.example",
		"\"at@quoted\"@host.example", "joe@[192.0.2.1]" };
	struct rcptlist l;

	(void)state;
	rcptlist_init(&l);
	assert_null(addrlist_each(view_of(list), rcptlist_found, &l));
	rcptlist_complete(&l, "host.example", on_bad);
	check_int("number", l.nrcpts, nitems(want));
	for (size_t i = 0; i < nitems(want); i++)
		check_str("address", l.rcpts[i].address, want[i]);
	check_str("refused", refused, "John Doe|a..b@c|");
	rcptlist_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
