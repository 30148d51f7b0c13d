/* SPDX-License-Identifier: ISC */
/* tests/unit/test_mailbox.c - one address, one reading. */
#include "common/mail/mailbox.h"

#include "tests/unit/check.h"

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10
#define D60 A10 "." A10 "." A10 "." A10 "." A10 "." A10

static const struct {
	const char *text;
	const char *local; /* NULL: refused */
	const char *domain;
	const char *print; /* NULL: as text */
} mailboxes[] = {
	{ "a@b", "a", "b", NULL },
	{ "User.Name+tag@Example.ORG", "User.Name+tag", "example.org",
	    "User.Name+tag@example.org" },
	{ "a@example.org.", "a", "example.org", "a@example.org" },
	{ "!#$%&'*+-/=?^_`{|}~@b", "!#$%&'*+-/=?^_`{|}~", "b", NULL },
	{ "\"a b\"@x", "a b", "x", NULL },
	{ "\"abc\"@x", "abc", "x", "abc@x" },
	{ "\"a\\\"b\\\\c\"@x", "a\"b\\c", "x", NULL },
	{ "\"\\a\"@x", "a", "x", "a@x" },
	{ "\"a@b\"@x", "a@b", "x", NULL },
	{ "\"a..b\"@x", "a..b", "x", NULL },
	{ "\".\"@x", ".", "x", NULL },
	{ "\"<>\"@x", "<>", "x", NULL },
	{ "a@[192.0.2.1]", "a", "[192.0.2.1]", NULL },
	{ "a@[IPv6:2001:DB8::1]", "a", "[ipv6:2001:db8::1]",
	    "a@[ipv6:2001:db8::1]" },
	{ A60 "aaaa@b", A60 "aaaa", "b", NULL },
	{ A60 "aaaaa@b", NULL, NULL, NULL },
	{ "a@" D60 "." D60 "." D60 "." D60, NULL, NULL, NULL }, /* 265 */
	{ "", NULL, NULL, NULL },
	{ "@", NULL, NULL, NULL },
	{ "a", NULL, NULL, NULL },
	{ "a@", NULL, NULL, NULL },
	{ "@b", NULL, NULL, NULL },
	{ "\"\"@b", NULL, NULL, NULL },
	{ "a.@b", NULL, NULL, NULL },
	{ ".a@b", NULL, NULL, NULL },
	{ "a..b@c", NULL, NULL, NULL },
	{ "a@b..c", NULL, NULL, NULL },
	{ "a@.b", NULL, NULL, NULL },
	{ "a@-b", NULL, NULL, NULL },
	{ "a@b@c", NULL, NULL, NULL },
	{ "a b@c", NULL, NULL, NULL },
	{ " a@c", NULL, NULL, NULL },
	{ "a@c ", NULL, NULL, NULL },
	{ "a@c>", NULL, NULL, NULL },
	{ "<a@c>", NULL, NULL, NULL },
	{ "a@1.2.3.4", NULL, NULL, NULL },
	{ "a@[1.2.3.4", NULL, NULL, NULL },
	{ "a@[1.2.3.4]x", NULL, NULL, NULL },
	{ "a@[localhost]", NULL, NULL, NULL },
	{ "\"a@b", NULL, NULL, NULL },
	{ "\"a\\", NULL, NULL, NULL },
	{ "\"a\"b@c", NULL, NULL, NULL },
	{ "a\"b\"@c", NULL, NULL, NULL },
	{ "\"a\".b@c", NULL, NULL, NULL },
	{ "a(comment)@b", NULL, NULL, NULL },
	{ "a\n@b", NULL, NULL, NULL },
	{ "\"a\r\nRCPT TO:<x>\"@b", NULL, NULL, NULL },
	{ "\"a\\\n\"@b", NULL, NULL, NULL },
	{ "\"a\tb\"@c", NULL, NULL, NULL },
	{ "\"a\x7f\"@c", NULL, NULL, NULL },
	{ "a@b\r\n", NULL, NULL, NULL },
	{ "a,b@c", NULL, NULL, NULL },
	{ "a;b@c", NULL, NULL, NULL },
	{ "a:b@c", NULL, NULL, NULL },
	{ "a\\b@c", NULL, NULL, NULL },
	{ "a[b]@c", NULL, NULL, NULL },
	{ "\xc3\xa4@b", NULL, NULL, NULL },
	{ "a@\xc3\xa4", NULL, NULL, NULL },
	{ "\"\xc3\xa4\"@b", NULL, NULL, NULL },
};

static void
test_mailboxes(void **state)
{
	char print[ADDRESS_MAX + 1];
	struct mailbox m, again;

	(void)state;
	for (size_t i = 0; i < nitems(mailboxes); i++) {
		const char *t = mailboxes[i].text;
		bool ok = mailbox_parse(view_of(t), &m, false);

		check_int(t, ok, mailboxes[i].local != NULL);
		check_int(t, mailbox_is_null(&m), !ok);
		if (!ok)
			continue;
		check_str(t, m.local, mailboxes[i].local);
		check_str(t, m.domain, mailboxes[i].domain);
		check_str(t, mailbox_print(&m, print),
		    mailboxes[i].print == NULL ? t : mailboxes[i].print);
		check_int(
		    t, mailbox_parse(view_of(print), &again, false), true);
		check_int(t, mailbox_eq(&m, &again), true);
	}
}

/*
 * What relays have been opened with: what is left of the last @ outside
 * quotes is never looked into, so the domain that policy judges is the one
 * that mail goes to.
 */
static const struct {
	const char *path;
	const char *local; /* NULL: refused */
	const char *domain;
} forward[] = {
	{ "<user%victim.example@here.example>", "user%victim.example",
	    "here.example" },
	{ "<victim.example!user@here.example>", "victim.example!user",
	    "here.example" },
	{ "<\"user@victim.example\"@here.example>", "user@victim.example",
	    "here.example" },
	{ "<\"user%victim.example\"@here.example>", "user%victim.example",
	    "here.example" },
	{ "<\"@victim.example:user\"@here.example>", "@victim.example:user",
	    "here.example" },
	{ "<@here.example:user@victim.example>", "user", "victim.example" },
	{ "<@here.example,@b.example:user@victim.example>", "user",
	    "victim.example" },
	{ "<@[192.0.2.1]:user@victim.example>", "user", "victim.example" },
	{ "<user%victim.example@[192.0.2.1]>", "user%victim.example",
	    "[192.0.2.1]" },
	{ "<postmaster>", "postmaster", "" },
	{ "<PostMaster>", "PostMaster", "" },
	{ "<\"a>b\"@here.example>", "a>b", "here.example" },
	{ "<user@victim.example@here.example>", NULL, NULL },
	{ "<user@here.example@>", NULL, NULL },
	{ "<@here.example:user@victim.example@here.example>", NULL, NULL },
	{ "<@here.example@victim.example:user@x.example>", NULL, NULL },
	{ "<@here.example:@victim.example:user@x.example>", NULL, NULL },
	{ "<@here.example:>", NULL, NULL },
	{ "<@here.example:user>", NULL, NULL },
	{ "<@here.example,:user@x.example>", NULL, NULL },
	{ "<@:user@x.example>", NULL, NULL },
	{ "<@here.example, @b.example:user@x.example>", NULL, NULL },
	{ "<@here.example>", NULL, NULL },
	{ "<here.example!user>", NULL, NULL },
	{ "<user%here.example>", NULL, NULL },
	{ "<\"user@victim.example\">", NULL, NULL },
	{ "<root>", NULL, NULL },
	{ "<\"postmaster\">", NULL, NULL },
	{ "<postmaster@>", NULL, NULL },
	{ "<postmaster@here.example", NULL, NULL },
	{ "<>", NULL, NULL },
	{ "", NULL, NULL },
	{ "<", NULL, NULL },
	{ "user@here.example", NULL, NULL },
	{ " <user@here.example>", NULL, NULL },
	{ "<user@here.example", NULL, NULL },
	{ "< user@here.example>", NULL, NULL },
	{ "<user@here.example >", NULL, NULL },
	{ "<<user@here.example>>", NULL, NULL },
	{ "<user @here.example>", NULL, NULL },
	{ "<user@ here.example>", NULL, NULL },
	{ "<user@here.example,victim.example>", NULL, NULL },
	{ "<user@here.example;victim.example>", NULL, NULL },
	{ "<user@here.example:25>", NULL, NULL },
	{ "<|/bin/sh>", NULL, NULL },
	{ "</etc/passwd>", NULL, NULL },
	{ "<:include:/etc/passwd>", NULL, NULL },
	{ "<;id;>", NULL, NULL },
	{ "<user@here.example\\>", NULL, NULL },
	{ "<user\\@victim.example@here.example>", NULL, NULL },
	{ "<\"user\"@victim.example\"@here.example>", NULL, NULL },
	{ "<\"user\\\"@victim.example>", NULL, NULL },
};

static void
test_forward(void **state)
{
	struct mailbox m;

	(void)state;
	for (size_t i = 0; i < nitems(forward); i++) {
		const char *t = forward[i].path;
		struct view rest = view_of(t);
		bool ok = path_parse_forward(&rest, &m, false);

		check_int(t, ok, forward[i].local != NULL);
		if (!ok) {
			assert_ptr_equal(rest.data, t);
			check_int(t, mailbox_is_null(&m), true);
			continue;
		}
		check_str(t, m.local, forward[i].local);
		check_str(t, m.domain, forward[i].domain);
		check_int(t, rest.len, 0);
	}
}

static void
test_reverse(void **state)
{
	struct view rest = view_of("<> SIZE=1");
	struct mailbox m;
	bool null;

	(void)state;
	assert_true(path_parse_reverse(&rest, &m, &null, false));
	assert_true(null && mailbox_is_null(&m));
	check_int("rest", view_is(rest, " SIZE=1"), true);
	rest = view_of("<a@b>BODY=7BIT");
	assert_true(path_parse_reverse(&rest, &m, &null, false));
	assert_false(null);
	check_str("local", m.local, "a");
	check_int("rest", view_is(rest, "BODY=7BIT"), true);
	rest = view_of("<postmaster>");
	assert_false(path_parse_reverse(&rest, &m, &null, false));
	rest = view_of("a@b");
	assert_false(path_parse_reverse(&rest, &m, &null, false));
	rest = view_of("<");
	assert_false(path_parse_reverse(&rest, &m, &null, false));
}

/* RFC 5321 4.5.3.1.3: 256 with the punctuation, the source route included. */
static void
test_path_length(void **state)
{
	static const char fits[] = "<aa@" D60 "." D60 "." D60 ".bbbbb>";
	char path[300];
	struct view rest;
	struct mailbox m;

	(void)state;
	for (size_t len = 250; len < 265; len++) {
		memset(path, 'b', sizeof(path));
		memcpy(path, fits, sizeof(fits) - 2);
		path[sizeof(fits) - 3 + 20] = '.';
		path[sizeof(fits) - 3 + 40] = '.';
		path[len - 1] = '>';
		rest = view_make(path, len);
		check_int(
		    "length", path_parse_forward(&rest, &m, false), len <= 256);
		check_int("bare",
		    mailbox_parse(view_make(path + 1, len - 2), &m, false),
		    len <= 256);
	}
}

static void
test_no_byte_slips_in(void **state)
{
	char plain[] = "a?b@c.example", quoted[] = "\"a?b\"@c.example";
	char escaped[] = "\"a\\?b\"@c.example", domain[] = "a@c?d.example";
	struct mailbox m;

	(void)state;
	for (int c = 0; c < 256; c++) {
		bool control = c < 32 || c >= 127;

		plain[1] = quoted[2] = escaped[3] = domain[3] = (char)c;
		if (mailbox_parse(view_make(plain, 13), &m, false))
			assert_false(control || c == ' ');
		check_int("quoted",
		    mailbox_parse(view_make(quoted, 15), &m, false),
		    !control && c != '"'); /* \b is b */
		check_int("escaped",
		    mailbox_parse(view_make(escaped, 16), &m, false), !control);
		check_int("domain",
		    mailbox_parse(view_make(domain, 13), &m, false),
		    ascii_is_alnum((char)c) || c == '-' || c == '_' ||
			c == '.');
	}
}

static void
test_utf8(void **state)
{
	char print[ADDRESS_MAX + 1];
	struct mailbox m;

	(void)state;
	assert_true(mailbox_parse(view_of("\xc3\xa4@\xc3\xb6.ex"), &m, true));
	check_str("print", mailbox_print(&m, print), "\xc3\xa4@xn--nda.ex");
	assert_true(mailbox_needs_utf8(&m));
	assert_true(mailbox_parse(view_of("a@\xc3\xb6.ex"), &m, true));
	assert_false(mailbox_needs_utf8(&m));
	assert_false(mailbox_parse(view_of("a@\xc3\xb6.ex"), &m, false));
	assert_false(mailbox_parse(view_of("\xc3@b.ex"), &m, true));
	assert_false(mailbox_parse(view_of("a@\xff.ex"), &m, true));
	assert_false(mailbox_parse(view_of("\"\xc0\x80\"@b"), &m, true));
	assert_false(mailbox_parse(view_of("\xc2\x85@b"), &m, true));
	assert_false(mailbox_parse(view_of("\"\xc2\x9f\"@b"), &m, true));
	assert_true(mailbox_parse(view_of("\xc2\xa0@b"), &m, true));
}

/* A-labels may be longer than what was read: nothing comes of it that no
 * path could hold. */
static void
test_utf8_lengths(void **state)
{
	char text[PATH_MAX_BYTES], print[ADDRESS_MAX + 1];
	struct mailbox m, again;
	size_t read = 0;

	(void)state;
	for (size_t local = 1; local <= LOCAL_MAX; local++) {
		memset(text, 'l', local);
		text[local] = '@';
		for (size_t len = local + 1; len + 10 < sizeof(text);) {
			struct view v;

			memcpy(text + len,
			    "\xc3\xbc"
			    "bbbbbb.e",
			    11);
			v = view_make(text, len + 10);
			len += 9;
			if (!mailbox_parse(v, &m, true))
				continue;
			read++;
			mailbox_print(&m, print);
			assert_true(
			    mailbox_parse(view_of(print), &again, true));
			assert_true(mailbox_eq(&m, &again));
		}
	}
	assert_true(read > 100);
}

/* ADDRESS_MAX holds even what no path could carry. */
static void
test_print_fits(void **state)
{
	char print[ADDRESS_MAX + 1];
	struct mailbox m = { { 0 }, { 0 } };

	(void)state;
	memset(m.local, '"', LOCAL_MAX);
	memset(m.domain, 'd', DOMAIN_MAX);
	check_int("length", strlen(mailbox_print(&m, print)), ADDRESS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mailboxes),
		cmocka_unit_test(test_forward),
		cmocka_unit_test(test_reverse),
		cmocka_unit_test(test_path_length),
		cmocka_unit_test(test_no_byte_slips_in),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_utf8_lengths),
		cmocka_unit_test(test_print_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
