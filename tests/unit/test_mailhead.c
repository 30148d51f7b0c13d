/* SPDX-License-Identifier: ISC */
/* tests/unit/test_mailhead.c - headers of local programs. */
#include "tools/mailhead.h"

#include "tests/unit/check.h"

static const struct {
	const char *message, *body, *copy, *rcpts;
	bool from, date, id;
} cases[] = {
	{ "From: a@b\nTo: c@d\n\nbody\n", "body\n", "From: a@b\nTo: c@d\n",
	    "c@d", true, false, false },
	{ "To: c@d\r\nDATE: x\r\n\r\nbody\r\n", "body\r\n",
	    "To: c@d\r\nDATE: x\r\n", "c@d", false, true, false },
	{ "Message-Id: <x@y>\n", "", "Message-Id: <x@y>\n", "", false, false,
	    true },
	{ "no header at all\n", "no header at all\n", "", "", false, false,
	    false },
	{ "\nbody", "body", "", "", false, false, false },
	{ "", "", "", "", false, false, false },
	{ "Subject: x\nno field\nTo: a@b\n", "no field\nTo: a@b\n",
	    "Subject: x\n", "", false, false, false },
	{ "From joe Thu Jan  1 00:00:00 1970\nTo: a@b\n\nx", "x", "To: a@b\n",
	    "a@b", false, false, false },
	{ "To: a@b,\n c@d,\n\te@f\nCc: g@h\nBcc: i@j\n\n", "",
	    "To: a@b,\n c@d,\n\te@f\nCc: g@h\n", "a@b|c@d|e@f|g@h|i@j", false,
	    false, false },
	{ "bcc: secret@x,\n\tmore@x\nTo: a@b\n\n", "", "To: a@b\n",
	    "secret@x|more@x|a@b", false, false, false },
	{ "Return-Path: <x@y>\nResent-To: n@m\nTo: a@b\nResent-Bcc: o@p\n\n",
	    "", "Resent-To: n@m\nTo: a@b\n", "n@m|o@p", false, false, false },
	{ "To : a@b\nX-To: c@d\n\n", "", "To : a@b\nX-To: c@d\n", "a@b", false,
	    false, false },
	{ "To: a@b", "", "To: a@b\n", "a@b", false, false, false },
	{ "T\xc3\xb6: a@b\n\n", "T\xc3\xb6: a@b\n\n", "", "", false, false,
	    false },
	{ ": x\n", ": x\n", "", "", false, false, false },
};

static void
gather(void *arg, struct view spec, bool has_domain)
{
	struct buf *b = arg;

	(void)has_domain;
	if (b->len > 0)
		buf_add_string(b, "|");
	buf_add(b, spec);
}

static void
check_case(size_t i)
{
	struct view message = view_of(cases[i].message);
	const char *label = cases[i].message;
	struct mailhead h;
	struct buf b;

	buf_init(&b, 4096);
	mailhead_scan(message, true, &h);
	check_int(label, h.ends, true);
	check_int(label, h.from, cases[i].from);
	check_int(label, h.date, cases[i].date);
	check_int(label, h.message_id, cases[i].id);
	buf_add(&b, h.body);
	check_str(label, buf_string(&b), cases[i].body);
	buf_clear(&b);
	mailhead_copy(message, &b);
	check_str(label, buf_string(&b), cases[i].copy);
	buf_clear(&b);
	assert_null(mailhead_recipients(message, &h, gather, &b));
	check_str(label, buf_string(&b), cases[i].rcpts);
	buf_free(&b);
}

static void
test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		check_case(i);
}

static const struct {
	const char *part;
	bool ends;
} parts[] = {
	{ "To: a@b\n\n", true },
	{ "To: a@b\n\nbody", true },
	{ "To: a@b\nbody\n", true },
	{ "To: a@b\n", false },
	{ "To: a@b\nSub", false },
	{ "", false },
};

static void
test_cut_off(void **state)
{
	struct mailhead h;

	(void)state;
	for (size_t i = 0; i < nitems(parts); i++) {
		mailhead_scan(view_of(parts[i].part), false, &h);
		check_int(parts[i].part, h.ends, parts[i].ends);
	}
}

static const struct {
	const char *name, *phrase;
} names[] = {
	{ "", "" },
	{ "Joe User", "Joe User" },
	{ "Joe Q. User", "\"Joe Q. User\"" },
	{ "a \"b\" \\c", "\"a \\\"b\\\" \\\\c\"" },
	{ "J\xc3\xb6rg", "=?utf-8?q?J=C3=B6rg?=" },
	{ "J\xf6rg", "" },
	{ "a\nBcc: x@y", "" },
	{ "\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6",
	    "=?utf-8?q?=C3=B6=C3=B6=C3=B6=C3=B6=C3=B6=C3=B6=C3=B6?= "
	    "=?utf-8?q?=C3=B6?=" },
};

static void
test_phrases(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (size_t i = 0; i < nitems(names); i++) {
		buf_clear(&b);
		mailhead_phrase(names[i].name, &b);
		check_str(names[i].name, buf_string(&b), names[i].phrase);
	}
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_phrases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
