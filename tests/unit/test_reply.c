/* SPDX-License-Identifier: ISC */
/* tests/unit/test_reply.c - replies of good, odd and hostile servers. */
#include "common/mail/reply.h"

#include "tests/unit/check.h"

static const struct {
	const char *lines[4];
	enum reply_state state; /* after the last line */
	int code, subject, detail;
	const char *text;
} cases[] = {
	{ { "250 OK" }, REPLY_DONE, 250, -1, -1, "OK" },
	{ { "250" }, REPLY_DONE, 250, -1, -1, "" },
	{ { "250 " }, REPLY_DONE, 250, -1, -1, "" },
	{ { "250-" }, REPLY_MORE, 250, -1, -1, "" },
	{ { "250-a", "250-b", "250 c" }, REPLY_DONE, 250, -1, -1, "a b c" },
	{ { "250-a", "250" }, REPLY_DONE, 250, -1, -1, "a" },
	{ { "250-", "250-", "250 x" }, REPLY_DONE, 250, -1, -1, "x" },
	{ { "550 5.1.1 no such user" }, REPLY_DONE, 550, 1, 1, "no such user" },
	{ { "550-5.7.26 not", "550-5.7.26 signed", "550 5.7.26 bye" },
	    REPLY_DONE, 550, 7, 26, "not signed bye" },
	{ { "550 5.1.1" }, REPLY_DONE, 550, 1, 1, "" },
	{ { "550-hm", "550 5.1.1 gone" }, REPLY_DONE, 550, 1, 1, "hm gone" },
	{ { "550-5.1.1 a", "550 5.2.2 b" }, REPLY_DONE, 550, 1, 1, "a b" },
	{ { "550 4.2.2 wrong class" }, REPLY_DONE, 550, -1, -1,
	    "4.2.2 wrong class" },
	{ { "450 5.1.1 wrong class" }, REPLY_DONE, 450, -1, -1,
	    "5.1.1 wrong class" },
	{ { "354 3.0.0 go" }, REPLY_DONE, 354, -1, -1, "3.0.0 go" },
	{ { "550 5.1" }, REPLY_DONE, 550, -1, -1, "5.1" },
	{ { "550 5.1." }, REPLY_DONE, 550, -1, -1, "5.1." },
	{ { "550 5..1 x" }, REPLY_DONE, 550, -1, -1, "5..1 x" },
	{ { "550 5.1.1000 x" }, REPLY_DONE, 550, -1, -1, "5.1.1000 x" },
	{ { "550 5.9999999999.1 x" }, REPLY_DONE, 550, -1, -1,
	    "5.9999999999.1 x" },
	{ { "550 5.1.1x" }, REPLY_DONE, 550, -1, -1, "5.1.1x" },
	{ { "550 5.1.1.1 x" }, REPLY_DONE, 550, -1, -1, "5.1.1.1 x" },
	{ { "550 5.999.999 x" }, REPLY_DONE, 550, 999, 999, "x" },
	{ { "599 x" }, REPLY_DONE, 599, -1, -1, "x" },
	{ { "550 a\r\x01\x7f\xc3\xa4\tb" }, REPLY_DONE, 550, -1, -1,
	    "a?????\?b" },
	{ { "220 mx.example.org ESMTP" }, REPLY_DONE, 220, -1, -1,
	    "mx.example.org ESMTP" },
	{ { "250-a", "251 b" }, REPLY_BAD, 250, -1, -1, "a" },
	{ { "250-a", "b" }, REPLY_BAD, 250, -1, -1, "a" },
	{ { "250-a", "" }, REPLY_BAD, 250, -1, -1, "a" },
	{ { "" }, REPLY_BAD, 0, -1, -1, "" },
	{ { "2" }, REPLY_BAD, 0, -1, -1, "" },
	{ { "25" }, REPLY_BAD, 0, -1, -1, "" },
	{ { "2500 x" }, REPLY_BAD, 0, -1, -1, "" },
	{ { "250x" }, REPLY_BAD, 0, -1, -1, "" },
	{ { "250\tx" }, REPLY_BAD, 0, -1, -1, "" },
	{ { " 250 x" }, REPLY_BAD, 0, -1, -1, "" },
	{ { "-50 x" }, REPLY_BAD, 0, -1, -1, "" },
	{ { "199 x" }, REPLY_BAD, 0, -1, -1, "" },
	{ { "100 x" }, REPLY_BAD, 0, -1, -1, "" },
	{ { "000 x" }, REPLY_BAD, 0, -1, -1, "" },
	{ { "600 x" }, REPLY_BAD, 0, -1, -1, "" },
	{ { "HTTP/1.1 400 Bad Request" }, REPLY_BAD, 0, -1, -1, "" },
};

static void
test_replies(void **state)
{
	struct reply r;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		enum reply_state got = REPLY_MORE;
		const char *first = cases[i].lines[0];

		reply_begin(&r);
		for (size_t j = 0; j < 4 && cases[i].lines[j] != NULL; j++) {
			check_int(first, got, REPLY_MORE);
			got = reply_line(&r, view_of(cases[i].lines[j]));
		}
		check_int(first, got, cases[i].state);
		check_int(first, r.bad, cases[i].state == REPLY_BAD);
		check_int(first, r.code, cases[i].code);
		check_int(first, r.subject, cases[i].subject);
		check_int(first, r.detail, cases[i].detail);
		check_str(first, r.text, cases[i].text);
	}
}

static void
test_bad_stays_bad(void **state)
{
	struct reply r;

	(void)state;
	reply_begin(&r);
	check_int("first", reply_line(&r, view_of("x")), REPLY_BAD);
	check_int("second", reply_line(&r, view_of("250 OK")), REPLY_BAD);
	reply_begin(&r);
	check_int("anew", reply_line(&r, view_of("250 OK")), REPLY_DONE);
}

static void
test_endless_reply(void **state)
{
	struct reply r;

	(void)state;
	reply_begin(&r);
	for (int i = 0; i < REPLY_LINES_MAX; i++)
		check_int(
		    "line", reply_line(&r, view_of("250-padding")), REPLY_MORE);
	check_int("text", strlen(r.text), REPLY_TEXT - 1);
	check_int("end", reply_line(&r, view_of("250 padding")), REPLY_BAD);
}

/* Every length around the end of the text, cut where memory is cut too, so
 * that a sanitizer sees a step too far. */
static void
test_lengths(void **state)
{
	struct reply r;

	(void)state;
	for (size_t len = 0; len < 1200; len++) {
		char *line = mem_alloc(len);

		memset(line, 'x', len);
		memcpy(line, "550 5.1.1 ", len < 10 ? len : 10);
		reply_begin(&r);
		reply_line(&r, view_make(line, len));
		reply_line(&r, view_make(line, len));
		assert_true(strlen(r.text) < REPLY_TEXT);
		mem_free(line);
	}
	reply_begin(&r);
	reply_line(&r, view_make("250 a\0b", 7));
	check_str("NUL", r.text, "a?b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_bad_stays_bad),
		cmocka_unit_test(test_endless_reply),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
