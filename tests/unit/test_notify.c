/* SPDX-License-Identifier: ISC */
/* tests/unit/test_notify.c - what a sender asks to be told, value by value. */
#include "common/mail/notify.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/check.h"

enum { BAD = 255 };

static const struct {
	const char *value;
	uint8_t bits;      /* BAD: refused */
	const char *again; /* printed */
} notifies[] = {
	{ "NEVER", NOTIFY_NEVER, " NOTIFY=NEVER" },
	{ "never", NOTIFY_NEVER, " NOTIFY=NEVER" },
	{ "SUCCESS", NOTIFY_SUCCESS, " NOTIFY=SUCCESS" },
	{ "Failure", NOTIFY_FAILURE, " NOTIFY=FAILURE" },
	{ "DELAY", NOTIFY_DELAY, " NOTIFY=DELAY" },
	{ "DELAY,success", NOTIFY_DELAY | NOTIFY_SUCCESS,
	    " NOTIFY=SUCCESS,DELAY" },
	{ "SUCCESS,FAILURE,DELAY",
	    NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY,
	    " NOTIFY=SUCCESS,FAILURE,DELAY" },
	{ "", BAD, NULL },
	{ ",", BAD, NULL },
	{ "SUCCESS,", BAD, NULL },
	{ ",SUCCESS", BAD, NULL },
	{ "SUCCESS,,DELAY", BAD, NULL },
	{ "SUCCESS,SUCCESS", BAD, NULL },
	{ "NEVER,FAILURE", BAD, NULL },
	{ "FAILURE,NEVER", BAD, NULL },
	{ "NEVER,NEVER", BAD, NULL },
	{ "ALWAYS", BAD, NULL },
	{ "SUCCESSS", BAD, NULL },
	{ "SUCCES", BAD, NULL },
	{ "SUCCESS;DELAY", BAD, NULL },
};

static void
test_notify(void **state)
{
	struct buf out;
	uint8_t bits;

	(void)state;
	buf_init(&out, 200);
	for (size_t i = 0; i < nitems(notifies); i++) {
		bits = BAD;
		check_int(notifies[i].value,
		    notify_parse(view_of(notifies[i].value), &bits),
		    notifies[i].bits != BAD);
		check_int(notifies[i].value, bits, notifies[i].bits);
		if (bits == BAD)
			continue;
		assert_true(notify_sound(bits));
		buf_clear(&out);
		notify_print_rcpt(bits, "", &out);
		check_str(
		    notifies[i].value, buf_string(&out), notifies[i].again);
	}
	assert_false(notify_sound(NOTIFY_NEVER | NOTIFY_DELAY));
	assert_false(notify_sound(16));
	buf_free(&out);
}

static const struct {
	const char *value, *text; /* NULL: refused */
} envids[] = {
	{ "QQ314", "QQ314" },
	{ "a+2Bb+3Dc+20d", "a+b=c d" },
	{ "", NULL },
	{ "+", NULL },
	{ "a+0D+0AX", NULL },
	{ "a=b", NULL },
}, orcpts[] = {
	{ "rfc822;bob@example.org", "rfc822;bob@example.org" },
	{ "rfc822;a+2Bb@example.org", "rfc822;a+b@example.org" },
	{ "X.400;x", NULL },
	{ "x-400;/c=gb/", NULL },
	{ "x-400;/c+3Dgb/;+20", "x-400;/c=gb/; " },
	{ "utf-8;x", "utf-8;x" },
	{ "rfc822", NULL },
	{ "rfc822;", NULL },
	{ ";bob@example.org", NULL },
	{ "", NULL },
	{ "rfc+20822;x", NULL },
	{ "rfc 822;x", NULL },
	{ "rfc822;bob+40example.org+0D+0AX-Evil:+20yes", NULL },
	{ "rfc822;bob+00", NULL },
	{ "rfc822;bob+7F", NULL },
	{ "rfc822;bob+C3+A4", NULL },
	{ "rfc822;bob+4", NULL },
};

static void
test_texts(void **state)
{
	char envid[ENVID_MAX + 1], orcpt[ORCPT_MAX + 1];

	(void)state;
	for (size_t i = 0; i < nitems(envids); i++) {
		bool fine = envid_parse(view_of(envids[i].value), envid);

		check_int(envids[i].value, fine, envids[i].text != NULL);
		if (fine)
			check_str(envids[i].value, envid, envids[i].text);
	}
	for (size_t i = 0; i < nitems(orcpts); i++) {
		bool fine = orcpt_parse(view_of(orcpts[i].value), orcpt);

		check_int(orcpts[i].value, fine, orcpts[i].text != NULL);
		if (!fine)
			continue;
		check_str(orcpts[i].value, orcpt, orcpts[i].text);
		assert_true(orcpt_sound(orcpt));
	}
}

/* All 256 values, written as xtext and raw: printable ASCII comes out. */
static void
test_every_byte(void **state)
{
	char text[16], envid[ENVID_MAX + 1], orcpt[ORCPT_MAX + 1];

	(void)state;
	for (int c = 0; c < 256; c++) {
		bool printable = c >= ' ' && c <= '~';
		bool plain = printable && c != ' ' && c != '+' && c != '=';

		snprintf(text, sizeof(text), "x;a+%02Xb", (unsigned int)c);
		check_int(
		    text, envid_parse(view_of(text + 2), envid), printable);
		check_int(text, orcpt_parse(view_of(text), orcpt), printable);
		snprintf(text, sizeof(text), "x;a%cb", c);
		check_int(
		    text, envid_parse(view_make(text + 2, 3), envid), plain);
		check_int(text, orcpt_parse(view_make(text, 5), orcpt), plain);
	}
}

static void
test_lengths(void **state)
{
	char text[ORCPT_MAX + 2], envid[ENVID_MAX + 1], orcpt[ORCPT_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "rfc822;", 7);
	assert_true(orcpt_parse(view_make(text, ORCPT_MAX), orcpt));
	assert_true(orcpt_sound(orcpt));
	assert_false(orcpt_parse(view_make(text, ORCPT_MAX + 1), orcpt));
	memset(text, 'x', sizeof(text));
	assert_true(envid_parse(view_make(text, ENVID_MAX), envid));
	assert_true(envid_sound(envid));
	assert_false(envid_parse(view_make(text, ENVID_MAX + 1), envid));
}

static void
test_print(void **state)
{
	struct buf out;
	uint8_t ret = 0;

	(void)state;
	buf_init(&out, 200);
	assert_true(ret_parse(view_of("full"), &ret));
	check_int("full", ret, RET_FULL);
	assert_true(ret_parse(view_of("HDRS"), &ret));
	check_int("HDRS", ret, RET_HDRS);
	assert_false(ret_parse(view_of("HDR"), &ret));
	assert_false(ret_parse(view_of(""), &ret));
	notify_print_mail(RET_HDRS, "a b+c", &out);
	notify_print_rcpt(0, "x-400;/c=gb/; ", &out);
	check_str("both", buf_string(&out),
	    " RET=HDRS ENVID=a+20b+2Bc ORCPT=x-400;/c+3Dgb/;+20");
	buf_clear(&out);
	notify_print_mail(RET_NONE, NULL, &out);
	notify_print_rcpt(0, NULL, &out);
	check_int("nothing", out.len, 0);
	buf_free(&out);
}

static void
test_wants(void **state)
{
	(void)state;
	assert_true(notify_wants(0, NOTIFY_FAILURE));
	assert_true(notify_wants(0, NOTIFY_DELAY));
	assert_false(notify_wants(0, NOTIFY_SUCCESS));
	assert_false(notify_wants(NOTIFY_NEVER, NOTIFY_FAILURE));
	assert_false(notify_wants(NOTIFY_SUCCESS, NOTIFY_FAILURE));
	assert_true(notify_wants(NOTIFY_SUCCESS, NOTIFY_SUCCESS));
	check_int(
	    "twice", notify_both(NOTIFY_NEVER, NOTIFY_NEVER), NOTIFY_NEVER);
	check_int("never, and nothing said", notify_both(NOTIFY_NEVER, 0),
	    NOTIFY_FAILURE | NOTIFY_DELAY);
	check_int(
	    "more", notify_both(NOTIFY_SUCCESS, NOTIFY_NEVER), NOTIFY_SUCCESS);
	check_int("nothing", notify_both(0, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_wants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
