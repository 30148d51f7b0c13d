/* SPDX-License-Identifier: ISC */
/* tests/unit/test_aliases.c - the file of aliases(5), and what a name means. */
#include "common/mail/aliases.h"

#include <stdio.h>

#include "tests/unit/check.h"

static const char locals[][DOMAIN_MAX + 1] = { "also.example" };

static const struct routing routing = {
	.hostname = "mx.example.org",
	.postmaster = "",
	.locals = locals,
	.nlocals = nitems(locals),
};

static const struct routing with_postmaster = {
	.hostname = "mx.example.org",
	.postmaster = "chief@mx.example.org",
};

/* Results with a blank between; "!" and the trouble. */
static void
expand(const char *text, const struct routing *r, const char *who, char *out)
{
	struct table_error e;
	struct table *t = aliases_parse(view_of(text), &e);
	struct expansion x = { .max = 5 };
	struct mailbox box;
	struct view v;

	if (t == NULL) {
		snprintf(out, 1024, "%u: %s", e.line, e.text);
		return;
	}
	assert_true(mailbox_parse(view_of(who), &box, true));
	aliases_expand(t, r, &box, &x);
	expansion_clear(&x);
	aliases_expand(t, r, &box, &x); /* marks of the first do not count */
	v = buf_view(&x.addresses);
	strlcpy(out, x.trouble[0] == '\0' ? "" : "!", 1024);
	strlcat(out, x.trouble, 1024);
	for (size_t i = 0; i < x.n; i++) {
		if (i > 0)
			strlcat(out, " ", 1024);
		strlcat(out, v.data, 1024);
		v = view_skip(v, strlen(v.data) + 1);
	}
	assert_int_equal(v.len, 0);
	expansion_clear(&x);
	table_free(t);
}

static const struct {
	const char *text, *who, *want;
} cases[] = {
	{ "", "root@mx.example.org", "root@mx.example.org" },
	{ "root: a@x.example", "root@mx.example.org", "a@x.example" },
	{ "root: a@x.example\n", "ROOT@also.example", "a@x.example" },
	{ "Root: a@x.example", "root@localhost", "a@x.example" },
	{ "root: a@x.example", "root@x.example", "root@x.example" },
	{ "root:a@x.example,b@x.example", "root@localhost",
	    "a@x.example b@x.example" },
	{ "root: a@x.example,\n\tb@x.example\r\n  ,c@x.example\n",
	    "root@localhost", "a@x.example b@x.example c@x.example" },
	{ "root: # no comment", "root@localhost",
	    "1: \"# no comment\" is no "
	    "address" },
	{ "# one\r\n\r\nroot:\n # two\n a@x.example\n", "root@localhost",
	    "a@x.example" },
	{ "\"a b\": \"c,d\"@x.example, <e@x.example>, The F <f@x.example>",
	    "\"A b\"@localhost", "\"c,d\"@x.example e@x.example f@x.example" },
	{ "a: b\nb: c\nc: d@x.example", "a@localhost", "d@x.example" },
	{ "a: b, c\nb: d@x.example\nc: b", "a@localhost", "d@x.example" },
	{ "a: nobody", "a@localhost", "nobody@mx.example.org" },
	{ "a: a, b@x.example", "a@localhost", "a@mx.example.org b@x.example" },
	{ "a: a@also.example", "a@localhost", "a@also.example" },
	{ "a: \\b\nb: c@x.example", "a@localhost", "b@mx.example.org" },
	{ "a: b\nb: a", "a@localhost", "!alias a is a loop: a, b, a" },
	{ "a: b\nb: c@x.example, c\nc: b", "a@localhost",
	    "!alias b is a loop: b, c, b" },
	{ "a: |/bin/prog, b@x.example", "a@localhost",
	    "!alias a (line 1): |/bin/prog: not supported" },
	{ "a: \"|/bin/prog a, b\"", "a@localhost",
	    "!alias a (line 1): \"|/bin/prog a, b\": not supported" },
	{ "a: b\nb:\n /var/box", "a@localhost",
	    "!alias b (line 3): /var/box: not supported" },
	{ "a: :include:/etc/list", "a@localhost",
	    "!alias a (line 1): :include:/etc/list: not supported" },
	{ "a: 1@x.example, 2@x.example, 3@x.example, 4@x.example, 5@x.example",
	    "a@localhost",
	    "1@x.example 2@x.example 3@x.example 4@x.example 5@x.example" },
	{ "a: 1@x.example, 2@x.example, 3@x.example, 4@x.example, 5@x.example,"
	  "6@x.example",
	    "a@localhost", "!alias a has too many addresses" },
	/* refused */
	{ "root a@x.example", "a@b.c", "1: \"root a@x.example\" has no colon" },
	{ "a: b\na: c\n", "a@b.c", "2: \"a\" stands in line 1 already" },
	{ "a: b\nA: c\n", "a@b.c", "2: \"A\" stands in line 1 already" },
	{ "\n a: b\n", "a@b.c", "2: \"a: b\" continues nothing" },
	{ "a:\nb: c\n", "a@b.c", "1: \"a\" has no address" },
	{ "b: c\na:\n\n", "a@b.c", "2: \"a\" has no address" },
	{ "a: b c", "a@b.c", "1: \"b c\" is no address" },
	{ "a: b,,c", "a@b.c", "1: \",c\" has a comma too many" },
	{ "a: b\n c", "a@b.c", "2: \"c\" follows without a comma" },
	{ "a@x.example: b", "a@b.c",
	    "1: \"a@x.example\" is no name of an alias: a local part" },
	{ ": b", "a@b.c", "1: \"\" is no name of an alias: a local part" },
	{ "a: b\001c", "a@b.c", "1: a control character, or no UTF-8" },
	{ "a: \377@x.example", "a@b.c", "1: a control character, or no UTF-8" },
};

static void
test_cases(void **state)
{
	char out[1024];

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		expand(cases[i].text, &routing, cases[i].who, out);
		check_str(cases[i].text, out, cases[i].want);
	}
}

/* Lines of any length, and chains of the greatest depth and one more. */
static void
test_limits(void **state)
{
	struct table_error e;
	struct buf text;
	struct table *t;
	char out[1024];

	(void)state;
	buf_init(&text, 1 << 24);
	buf_add_string(&text, "long: a@x.example");
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, ", a%d@x.example", i);
	t = aliases_parse(buf_view(&text), &e);
	assert_non_null(t);
	assert_int_equal(table_count(t), 1);
	table_free(t);
	for (int depth = 31; depth <= 32; depth++) {
		buf_clear(&text);
		for (int i = 0; i < depth; i++)
			buf_printf(&text, "n%d: n%d\n", i, i + 1);
		buf_printf(&text, "n%d: end@x.example", depth);
		expand(buf_string(&text), &routing, "n0@localhost", out);
		check_str("depth", out,
		    depth == 31 ? "end@x.example"
				: "!alias n0 goes through more than 32 others");
	}
	buf_free(&text);
}

static void
test_postmaster(void **state)
{
	char out[1024];

	(void)state;
	expand("", &with_postmaster, "root@localhost", out);
	check_str("setting", out, "chief@mx.example.org");
	expand("chief: a@x.example", &with_postmaster, "postmaster@localhost",
	    out);
	check_str("alias of it", out, "a@x.example");
	expand("root: a@x.example", &with_postmaster, "root@localhost", out);
	check_str("the file is asked first", out, "a@x.example");
	expand("chief: root", &with_postmaster, "root@localhost", out);
	check_str("once", out, "root@mx.example.org");
}

static void
test_unsupported(void **state)
{
	struct table_error e;
	struct table *t = aliases_parse(view_of("a: |x\nb: c\nd: e, /f\n"), &e);
	unsigned int line, lines = 0;
	const char *text;
	size_t n = 0;

	(void)state;
	while (aliases_unsupported(t, n, &line, &text)) {
		lines += line;
		n++;
	}
	assert_int_equal(n, 2);
	assert_int_equal(lines, 4);
	table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_postmaster),
		cmocka_unit_test(test_unsupported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
