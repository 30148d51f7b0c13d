/* SPDX-License-Identifier: ISC */
/* tests/unit/test_addrlist.c - address lists as people write them. */
#include "tools/addrlist.h"

#include "common/base/buf.h"
#include "tests/unit/check.h"

/* Specs are joined by "|"; one without a domain gets a "!" behind it. */
static const struct {
	const char *list, *specs, *wrong;
} cases[] = {
	{ "a@b.example", "a@b.example", NULL },
	{ "root", "root!", NULL },
	{ "a@b, c@d,\n\te@f\n", "a@b|c@d|e@f", NULL },
	{ " , a@b ,, c@d, ", "a@b|c@d", NULL },
	{ "", "", NULL },
	{ "Joe Q. Public <john.q@x.test>, Mary <mary@y>",
	    "john.q@x.test|mary@y", NULL },
	{ "\"Joe, the <one>\" <joe@x>", "joe@x", NULL },
	{ "Who? <one@y.test>, <boss@nil>, \"Giant; \\\"Box\\\"\" <b@n>",
	    "one@y.test|boss@nil|b@n", NULL },
	{ "A Group:Ed <ed@a>,joe@where,John <jd@o>;", "ed@a|joe@where|jd@o",
	    NULL },
	{ "Undisclosed recipients:;", "", NULL },
	{ "Undisclosed recipients:(nobody(that I know))  ;, x@y", "x@y", NULL },
	{ "one:a@b;, two:c@d;, e@f", "a@b|c@d|e@f", NULL },
	{ "a(comment)@b(another)", "a@b", NULL },
	{ "pete(his \\) account)@silly.test(his host)", "pete@silly.test",
	    NULL },
	{ "john . doe @ x . test", "john.doe@x.test", NULL },
	{ "\"a b\"@c", "\"a b\"@c", NULL },
	{ "\"a@b\"", "\"a@b\"!", NULL },
	{ "\"a \\\"b\"@c", "\"a \\\"b\"@c", NULL },
	{ "<@r1.test,@r2.test:joe@x>", "joe@x", NULL },
	{ "joe@[192.0.2.1], <x@[IPv6:2001:db8::1]>",
	    "joe@[192.0.2.1]|x@[IPv6:2001:db8::1]", NULL },
	{ "John Doe", "John Doe!", NULL },
	{ "<>", "!", NULL },
	{ "(only a comment)", "", NULL },
	{ "a@b (Some, One)", "a@b", NULL },
	{ "(x (y) a@b", "", "a comment without its )" },
	{ "\"a@b", "", "a quotation without its end" },
	{ "a@[192.0.2.1", "", "a [ without its ]" },
	{ "<a@b", "", "a < without its >" },
	{ "a@b>", "", "a > without its <" },
	{ "<a@b> <c@d>", "", "two addresses without a comma between" },
	{ "<a@b> c", "", "words behind a >" },
	{ "a) b", "", "a ) without its (" },
	{ "x\\", "x\\!", NULL },
	{ "\"\\", "", "a quotation without its end" },
	{ "(\\", "", "a comment without its )" },
};

static void
gather(void *arg, struct view spec, bool has_domain)
{
	struct buf *b = arg;

	if (b->len > 0)
		buf_add_string(b, "|");
	buf_add(b, spec);
	if (!has_domain)
		buf_add_string(b, "!");
}

static void
test_lists(void **state)
{
	const char *wrong;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < nitems(cases); i++) {
		buf_clear(&b);
		wrong = addrlist_each(view_of(cases[i].list), gather, &b);
		check_str(cases[i].list, wrong == NULL ? "" : wrong,
		    cases[i].wrong == NULL ? "" : cases[i].wrong);
		if (wrong == NULL)
			check_str(
			    cases[i].list, buf_string(&b), cases[i].specs);
	}
	buf_free(&b);
}

static void
test_too_long(void **state)
{
	static char list[ADDRLIST_SPEC_MAX + 2];
	struct buf b;

	(void)state;
	memset(list, 'a', ADDRLIST_SPEC_MAX + 1);
	buf_init(&b, 10 * ADDRLIST_SPEC_MAX);
	check_str("too long", addrlist_each(view_of(list), gather, &b),
	    "an address that is too long");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
