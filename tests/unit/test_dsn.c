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
    "\r\n"
    "    <\"carol jones\"@example.com>\r\n"
    "        connection refused\r\n"
    "\r\n"
    "Your mail arrived here on Thu, 01 Jan 1970 00:00:00 +0000.\r\n"
    "The header of your mail is attached.\r\n"
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
	d->sender = "alice@example.org";
	d->envelope_id = "QQ 314";
	d->id = 64;
	d->boundary = 65;
	d->now_ms = 60000;
	d->recipients = r;
	d->nrecipients = 2;
	d->header = view_of("From: alice@example.org\r\nSubject: hello\r\n"
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
	dsn.kind = DSN_DELAYED;
	dsn_write(&dsn, &out);
	assert_non_null(strstr(buf_string(&out), "Action: delayed\r\n"));
	assert_non_null(strstr(buf_string(&out), "Will-Retry-Until: Thu, "));
	assert_null(strstr(buf_string(&out), "Action: failed\r\n"));
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
	{ "--=_postern_20_21--\r\nA: b\r\n",
	    "?-=_postern_20_21--\r\nA: b\r\n" },
	{ "A: b\n--=_postern_20_21\nX: y\r\n",
	    "A: b\r\n?-=_postern_20_21\r\nX: y\r\n" },
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
		dsn.header = view_of(headers[i].header);
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
	dsn.header = view_of("Subject: \xc3\xa4\r\n");
	buf_init(&out, 10000);
	dsn_write(&dsn, &out);
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
	dsn.header = view_make(line, sizeof(line));
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
		cmocka_unit_test(test_no_name_begins_a_line),
		cmocka_unit_test(test_8bit_is_declared),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_no_room),
	};

	setenv("TZ", "UTC0", 1);
	date_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
