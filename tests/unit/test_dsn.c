/* SPDX-License-Identifier: ISC */
/* tests/unit/test_dsn.c - the shape of a notification, byte by byte.
 *
 * What a MIME reader makes of hostile ones: tests/unit/test_dsn.py.
 */
#include "common/mail/dsn.h"

#include "common/mail/date.h"

#include <stdlib.h>

#include "tests/unit/check.h"

static const char want[] =
    "From: Mail Delivery System <MAILER-DAEMON@mx.example.org>\r\n"
    "To: <alice@example.org>\r\n"
    "Subject: Your mail could not be delivered\r\n"
    "Date: Thu, 01 Jan 1970 00:01:00 +0000\r\n"
    "Message-ID: <21.dsn@mx.example.org>\r\n"
    "Auto-Submitted: auto-replied\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
    "\tboundary=\"=_postern_20_21\"\r\n"
    "\r\n"
    "This is a report in several parts (MIME).\r\n"
    "\r\n--=_postern_20_21\r\n"
    "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
    "This is the mail system at mx.example.org\r\n"
    "\r\n"
    "Your mail could not be delivered to the recipients below, and no"
    " further\r\n"
    "attempt will be made.\r\n"
    "\r\n"
    "    <bob@example.net>\r\n"
    "        mx.example.net said: 550 5.1.1 no such user\r\n"
    "        Look for a mistake in the part before the @.\r\n"
    "\r\n"
    "    <\"carol jones\"@example.com>\r\n"
    "        connection refused\r\n"
    "        Look for a mistake in the part behind the @, or try again"
    " later.\r\n"
    "\r\n"
    "The mail arrived here on Thu, 01 Jan 1970 00:00:00 +0000.\r\n"
    "Its header is attached.\r\n"
    "\r\n--=_postern_20_21\r\n"
    "Content-Type: message/delivery-status\r\n\r\n"
    "Reporting-MTA: dns;mx.example.org\r\n"
    "Original-Envelope-Id: QQ 314\r\n"
    "Arrival-Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
    "X-Postern-Id: 20\r\n"
    "\r\n"
    "Original-Recipient: rfc822;robert@example.net\r\n"
    "Final-Recipient: rfc822;bob@example.net\r\n"
    "Action: failed\r\n"
    "Status: 5.1.1\r\n"
    "Remote-MTA: dns;mx.example.net\r\n"
    "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
    "\r\n"
    "Final-Recipient: rfc822;\"carol jones\"@example.com\r\n"
    "Action: failed\r\n"
    "Status: 4.4.1\r\n"
    "Diagnostic-Code: X-Postern; connection refused\r\n"
    "\r\n--=_postern_20_21\r\n"
    "Content-Type: text/rfc822-headers\r\n\r\n"
    "From: alice@example.org\r\n"
    "Subject: hello\r\n"
    "\r\n--=_postern_20_21--\r\n";

static void
fill(struct dsn *d, struct dsn_recipient r[2])
{
	memset(d, 0, sizeof(*d));
	d->hostname = "mx.example.org";
	d->to = "alice@example.org";
	d->envelope_id = "QQ 314";
	d->id = 64;
	d->own_id = 65;
	d->now_ms = 60000;
	d->recipients = r;
	d->nrecipients = 2;
	d->content = view_of("From: alice@example.org\r\nSubject: hello\r\n"
			     "\r\nbody\r\n");
	r[0] = (struct dsn_recipient){ .address = "bob@example.net",
		.original = "rfc822;robert@example.net",
		.remote_mta = "mx.example.net" };
	status_never(&r[0].status, 550, 1, 1, "no such user");
	r[1] = (struct dsn_recipient){ .original = "",
		.address = "\"carol jones\"@example.com",
		.remote_mta = "" };
	status_later(&r[1].status, 451, 4, 1, "connection refused");
}

static void
test_shape(void **state)
{
	struct dsn_recipient recipients[2];
	struct dsn dsn;
	struct buf out;

	(void)state;
	fill(&dsn, recipients);
	buf_init(&out, 10000);
	dsn_write(&dsn, &out);
	assert_true(buf_ok(&out));
	check_str("failed", buf_string(&out), want);
	buf_clear(&out);
	recipients[0].action = recipients[1].action = DSN_DELAYED;
	dsn_write(&dsn, &out);
	assert_non_null(strstr(buf_string(&out), "Action: delayed\r\n"));
	assert_non_null(strstr(buf_string(&out), "Will-Retry-Until: Thu, "));
	assert_null(strstr(buf_string(&out), "Action: failed\r\n"));
	assert_non_null(strstr(buf_string(&out), "Subject: Your mail is del"));
	buf_free(&out);
}

/* What is copied of a header: whole lines, up to the first empty one. */
static const struct {
	const char *header, *want;
} headers[] = {
	{ "A: b\r\n", "A: b\r\n" },
	{ "A: b\r\nC: cut off her", "A: b\r\n" },
	{ "A: b\r\nC: d\r", "A: b\r\n" },
	{ "", "" },
	{ "A: b\r\n\r\nD: e\r\n", "A: b\r\n" },
	{ "A: b\n c\rd\r\n", "A: b\r\n c?d\r\n" },
	{ "-\r\n", "-\r\n" },
};

static void
test_header(void **state)
{
	static const char end[] = "\r\n--=_postern_20_21--\r\n";
	struct dsn_recipient recipients[2];
	struct dsn dsn;
	struct buf out;
	char *part;

	(void)state;
	fill(&dsn, recipients);
	buf_init(&out, 10000);
	for (size_t i = 0; i < nitems(headers); i++) {
		dsn.content = view_of(headers[i].header);
		buf_clear(&out);
		dsn_write(&dsn, &out);
		out.len -= strlen(end);
		buf_string(&out);
		part = strstr(out.data, "text/rfc822-headers\r\n\r\n");
		assert_non_null(part);
		check_str(headers[i].header, part + 23, headers[i].want);
	}
	buf_free(&out);
}

/* What is returned whole: lines that every server takes, to the last byte. */
static const struct {
	const char *content, *type, *returned, *boundary;
} contents[] = {
	{ "A: b\r\n\r\nbody\r\n", "message/rfc822", "A: b\r\n\r\nbody\r\n",
	    "=_postern_20_21" },
	{ "\r\n", "message/rfc822", "\r\n", "=_postern_20_21" },
	{ "A: b\r\n\r\nbody", "text/rfc822-headers", "A: b\r\n",
	    "=_postern_20_21" },
	{ "A: b\r\n\r\nbo\rdy\r\n", "text/rfc822-headers", "A: b\r\n",
	    "=_postern_20_21" },
	{ "A: b\r\n\r\nbo\ndy\r\n", "text/rfc822-headers", "A: b\r\n",
	    "=_postern_20_21" },
	/* a stranger who guessed the boundary, and the next */
	{ "A: b\r\n\r\n--=_postern_20_21\r\n", "message/rfc822",
	    "A: b\r\n\r\n--=_postern_20_21\r\n", "=_postern_20_21_1" },
	{ "A: =_postern_20_21_1\r\n\r\n=_postern_20_21--\r\n", "message/rfc822",
	    "A: =_postern_20_21_1\r\n\r\n=_postern_20_21--\r\n",
	    "=_postern_20_21_2" },
	/* not returned, not looked at */
	{ "A: b\r\n\r\n--=_postern_20_21\n", "text/rfc822-headers", "A: b\r\n",
	    "=_postern_20_21" },
	{ "--=_postern_20_21\n\n\n", "text/rfc822-headers",
	    "--=_postern_20_21\r\n", "=_postern_20_21_1" },
};

static void
test_returned(void **state)
{
	struct dsn_recipient recipients[2];
	struct buf out, want_end;
	struct dsn dsn;

	(void)state;
	fill(&dsn, recipients);
	dsn.whole = true;
	buf_init(&out, 10000);
	buf_init(&want_end, 1000);
	for (size_t i = 0; i < nitems(contents); i++) {
		dsn.content = view_of(contents[i].content);
		buf_clear(&out);
		buf_clear(&want_end);
		assert_false(dsn_write(&dsn, &out));
		buf_printf(&want_end,
		    "\r\n--%s\r\nContent-Type: %s\r\n\r\n%s\r\n--%s--\r\n",
		    contents[i].boundary, contents[i].type,
		    contents[i].returned, contents[i].boundary);
		buf_string(&out);
		assert_true(out.len > want_end.len);
		check_str(contents[i].content,
		    out.data + out.len - want_end.len, buf_string(&want_end));
		assert_non_null(strstr(out.data, contents[i].type[0] == 'm'
						     ? "\nIt is attached."
						     : "\nIts header is"));
	}
	buf_free(&out);
	buf_free(&want_end);
}

/* A line that some server may cut, or a NUL: the header alone. */
static void
test_unclean(void **state)
{
	struct dsn_recipient recipients[2];
	char line[1010] = "A: b\r\n\r\n";
	struct dsn dsn;
	struct buf out;

	(void)state;
	fill(&dsn, recipients);
	dsn.whole = true;
	buf_init(&out, 10000);
	memset(line + 8, 'x', 1000);
	for (size_t len = 998; len <= 999; len++) {
		memcpy(line + 8 + len, "\r\n", 2);
		dsn.content = view_make(line, 8 + len + 2);
		buf_clear(&out);
		dsn_write(&dsn, &out);
		check_int("998",
		    strstr(buf_string(&out), "message/rfc822") != NULL,
		    len == 998);
		line[8 + len] = 'x';
	}
	dsn.content = view_make("A: b\r\n\r\n\0\r\n", 11);
	buf_clear(&out);
	dsn_write(&dsn, &out);
	assert_null(strstr(buf_string(&out), "message/rfc822"));
	buf_free(&out);
}

/* Several kinds in one: each has its words, the worst is the subject. */
static void
test_kinds(void **state)
{
	struct dsn_recipient recipients[2];
	struct dsn dsn;
	struct buf out;

	(void)state;
	fill(&dsn, recipients);
	recipients[0].action = DSN_RELAYED;
	buf_init(&out, 10000);
	dsn_write(&dsn, &out);
	assert_non_null(strstr(buf_string(&out), "Action: failed\r\n"));
	assert_non_null(strstr(buf_string(&out), "Action: relayed\r\n"));
	assert_non_null(strstr(
	    buf_string(&out), "Subject: Your mail could not be delivered"));
	assert_true(
	    strstr(out.data, "no further") < strstr(out.data, "was passed on"));
	recipients[1].action = DSN_DELIVERED;
	buf_clear(&out);
	dsn_write(&dsn, &out);
	assert_non_null(
	    strstr(buf_string(&out), "Subject: Your mail was passed on\r\n"));
	assert_non_null(strstr(buf_string(&out), "Action: delivered\r\n"));
	dsn.postmaster = true;
	recipients[0].action = DSN_FAILED;
	buf_clear(&out);
	dsn_write(&dsn, &out);
	assert_non_null(strstr(
	    buf_string(&out), "Subject: Mail without a sender could not"));
	assert_non_null(strstr(out.data, "You get this as postmaster."));
	buf_free(&out);
}

/* Not even our own name begins a line, if it is long and folded. */
static void
test_no_name_begins_a_line(void **state)
{
	struct dsn_recipient recipients[2];
	struct dsn dsn;
	struct buf out;

	(void)state;
	fill(&dsn, recipients);
	dsn.hostname = "--=_postern_20_21--"
		       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	buf_init(&out, 10000);
	dsn_write(&dsn, &out);
	assert_null(strstr(buf_string(&out), "\n--=_postern_20_21--x"));
	buf_free(&out);
}

static void
test_8bit_is_declared(void **state)
{
	struct dsn_recipient recipients[2];
	struct dsn dsn;
	struct buf out;
	char *first;

	(void)state;
	fill(&dsn, recipients);
	dsn.content = view_of("Subject: \xc3\xa4\r\n");
	buf_init(&out, 10000);
	assert_true(dsn_write(&dsn, &out));
	buf_string(&out);
	first = strstr(out.data, "Content-Transfer-Encoding: 8bit\r\n");
	assert_non_null(first);
	assert_non_null(
	    strstr(first + 1, "Content-Transfer-Encoding: 8bit\r\n"));
	assert_non_null(strstr(first, "\r\nSubject: \xc3\xa4\r\n"));
	buf_free(&out);
}

/* Lines of the header are cut where the standard ends them. */
static void
test_long_lines(void **state)
{
	struct dsn_recipient recipients[2];
	char line[5000];
	struct dsn dsn;
	struct buf out;
	struct view rest;

	(void)state;
	fill(&dsn, recipients);
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	dsn.content = view_make(line, sizeof(line));
	memset(recipients[0].status.text, 'y', STATUS_TEXT - 1);
	buf_init(&out, 20000);
	dsn_write(&dsn, &out);
	for (rest = buf_view(&out); rest.len > 0;
	     rest = view_skip(rest, view_find(rest, '\n') + 1))
		assert_true(view_find(rest, '\n') <= 999);
	buf_free(&out);
}

static void
test_no_room(void **state)
{
	struct dsn_recipient recipients[2];
	struct dsn dsn;
	struct buf out;

	(void)state;
	fill(&dsn, recipients);
	for (size_t max = 0; max < sizeof(want) - 1; max++) {
		buf_init(&out, max);
		dsn_write(&dsn, &out);
		assert_false(buf_ok(&out));
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_returned),
		cmocka_unit_test(test_unclean),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_no_name_begins_a_line),
		cmocka_unit_test(test_8bit_is_declared),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_no_room),
	};

	setenv("TZ", "UTC0", 1);
	date_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
