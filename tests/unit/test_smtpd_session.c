/* SPDX-License-Identifier: ISC */
/* tests/unit/test_smtpd_session.c - what dialogues cannot show of a session. */
#include "tests/unit/check.h"

#include "smtpd/session.h"

#include <stdio.h>

struct fixture {
	struct conf conf;
	struct service service;
	struct session session;
	struct buf out;
};

static void
fixture_begin(struct fixture *f)
{
	const struct accept_client who = { .ip = { 4, { 127, 0, 0, 1 } } };
	struct conf_error error;

	conf_init(&f->conf);
	conf_parse(&f->conf, view_of("hostname \"mx.test\"\n"), &error);
	service_init(&f->service, &f->conf, false);
	session_begin(&f->session, &f->service, &who);
	buf_init(&f->out, 1 << 20);
}

static void
fixture_end(struct fixture *f)
{
	session_end(&f->session);
	conf_clear(&f->conf);
	buf_free(&f->out);
}

/* Feeds text; what the session wants, and in f->out what it said to it. */
static enum want
say(struct fixture *f, const char *text)
{
	struct view in = view_of(text);

	buf_clear(&f->out);
	return session_feed(&f->session, &in, &f->out);
}

static enum want
send_mail(struct fixture *f)
{
	enum want w = say(f,
	    "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.org>\r\nDATA\r\n");

	if (w != WANT_FILE)
		return w;
	session_opened(&f->session, 1, 0, &f->out);
	return say(f, "text\r\n.\r\n");
}

static bool
said(struct fixture *f, const char *start)
{
	return strncmp(buf_string(&f->out), start, strlen(start)) == 0;
}

static void
test_mails_limit(void **state)
{
	struct status fine;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	status_done(&fine, 250, 0, 0, "stored");
	say(&f, "EHLO x\r\n");
	for (int i = 0; i < 200; i++) {
		check_int("mail", send_mail(&f), WANT_COMMIT);
		session_committed(&f.session, &fine, &f.out);
	}
	check_int("one more", send_mail(&f), WANT_CLOSE);
	check_int("421", said(&f, "421 4.7.0 "), true);
	fixture_end(&f);
}

/* So many in a row: a client that only keeps its place. */
static void
test_junk(void **state)
{
	struct status fine;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	f.session.trusted = false;
	status_done(&fine, 250, 0, 0, "stored");
	say(&f, "EHLO x\r\n");
	for (int i = 1; i < 50; i++)
		check_int("NOOP", say(&f, "NOOP\r\n"), WANT_INPUT);
	check_int("a message", send_mail(&f), WANT_COMMIT);
	session_committed(&f.session, &fine, &f.out);
	for (int i = 0; i < 50; i++)
		check_int("RSET", say(&f, "RSET\r\n"), WANT_INPUT);
	check_int("one more", say(&f, "NOOP\r\n"), WANT_CLOSE);
	check_int("421", said(&f, "421 4.7.0 "), true);
	fixture_end(&f);
}

/* However they are spent. */
static void
test_commands(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	f.session.trusted = false;
	f.service.max_junk = 0;
	say(&f, "EHLO x\r\n");
	for (int i = 1; i < 20000; i++)
		assert_int_equal(say(&f, "NOOP\r\n"), WANT_INPUT);
	check_int("one more", say(&f, "NOOP\r\n"), WANT_CLOSE);
	check_int("421", said(&f, "421 4.7.0 "), true);
	fixture_end(&f);
}

/* The group is answered in pieces that fit one write each. */
static void
test_want_write(void **state)
{
	struct fixture f;
	struct buf many;
	struct view in;
	size_t lines = 0;

	(void)state;
	fixture_begin(&f);
	buf_init(&many, 1 << 20);
	for (int i = 0; i < 10000; i++)
		buf_add_string(&many, "NOOP\r\n");
	in = buf_view(&many);
	while (session_feed(&f.session, &in, &f.out) == WANT_WRITE) {
		assert_true(f.out.len < SESSION_OUT + 1024);
		lines += f.out.len / strlen("250 2.0.0 ok\r\n");
		buf_clear(&f.out);
	}
	lines += f.out.len / strlen("250 2.0.0 ok\r\n");
	check_int("answers", lines, 10000);
	buf_free(&many);
	fixture_end(&f);
}

static void
test_lost_body(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	say(&f,
	    "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<c@example.org>\r\nDATA\r\n");
	session_opened(&f.session, 1, 0, &f.out);
	say(&f, "first\r\n");
	session_fail_body(&f.session, &reply_queue);
	check_int("nothing to store", session_body(&f.session)->len, 0);
	check_int("dropped", say(&f, "second\r\n.\r\n"), WANT_DROP);
	check_int("451", said(&f, "451 4.3.0 "), true);
	check_int("goes on", session_between(&f.session), true);
	fixture_end(&f);
}

static void
test_refused_commit(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	say(&f, "EHLO x\r\n");
	check_int("mail", send_mail(&f), WANT_COMMIT);
	buf_clear(&f.out);
	session_refuse_data(&f.session, &reply_space, &f.out);
	check_int("452", said(&f, "452 4.3.1 "), true);
	check_int("no transaction", f.session.mail == NULL, true);
	check_int("goes on", send_mail(&f), WANT_COMMIT);
	fixture_end(&f);
}

/* The file of a message that ends between two chunks is given back. */
static void
test_drop_between_chunks(void **state)
{
	static const char *const ends[] = { "RSET\r\n", "EHLO x\r\n",
		"HELO x\r\n", "QUIT\r\n" };
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < nitems(ends); i++) {
		fixture_begin(&f);
		say(&f, "EHLO x\r\n");
		say(&f, "MAIL FROM:<>\r\nRCPT TO:<c@example.org>\r\n");
		check_int("opens", say(&f, "BDAT 3\r\n"), WANT_FILE);
		session_opened(&f.session, 1, 0, &f.out);
		check_int("a chunk", say(&f, "abc"), WANT_INPUT);
		check_int("under way", session_between(&f.session), false);
		check_int(ends[i], say(&f, ends[i]), WANT_DROP);
		check_int("once", say(&f, ""),
		    i + 1 < nitems(ends) ? WANT_INPUT : WANT_CLOSE);
		fixture_end(&f);
	}
}

static void
test_trace(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	say(&f, "EHLO client.example\r\nMAIL FROM:<>\r\n"
		"RCPT TO:<c@example.org>\r\nDATA\r\n");
	session_opened(&f.session, 1, 0, &f.out);
	assert_non_null(strstr(buf_string(session_body(&f.session)),
	    "Received: from client.example ([127.0.0.1])"));
	assert_non_null(
	    strstr(buf_string(session_body(&f.session)), "c@example.org"));
	fixture_end(&f);
}

/* "for" would tell one recipient of the other. */
static void
test_trace_of_two(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	say(&f, "EHLO client.example\r\nMAIL FROM:<>\r\n"
		"RCPT TO:<c@example.org>\r\nRCPT TO:<d@example.org>\r\n"
		"DATA\r\n");
	session_opened(&f.session, 1, 0, &f.out);
	assert_null(
	    strstr(buf_string(session_body(&f.session)), "example.org"));
	fixture_end(&f);
}

static void
test_between(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	check_int("start", session_between(&f.session), true);
	say(&f, "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<c@example.org>\r\n");
	check_int("rcpt", session_between(&f.session), true);
	say(&f, "DATA\r\n");
	check_int("opening", session_between(&f.session), false);
	session_opened(&f.session, 1, 0, &f.out);
	check_int("body", session_between(&f.session), false);
	buf_clear(&f.out);
	session_close(&f.session, &reply_stopping, &f.out);
	check_int("421", said(&f, "421 4.3.2 "), true);
	check_int("closed", say(&f, "NOOP\r\n"), WANT_CLOSE);
	check_int("unheard", f.out.len, 0);
	fixture_end(&f);
}

static const struct tls_facts facts = { "TLSv1.3", "TLS_AES_128_GCM_SHA256" };

/* Offered, and there is a process for it. */
static void
fixture_begin_tls(struct fixture *f)
{
	fixture_begin(f);
	f->session.tls_offered = true;
	f->service.tls_up = true;
}

static void
test_starttls(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin_tls(&f);
	f.session.uid = 7;
	say(&f, "EHLO before.example\r\nNONSENSE\r\n");
	assert_non_null(strstr(buf_string(&f.out), "250-STARTTLS\r\n"));
	check_int("wants it", say(&f, "STARTTLS\r\n"), WANT_TLS);
	check_int("220", said(&f, "220 2.0.0 "), true);
	/* our answer was not written at once: asked again, said once */
	check_int("still", say(&f, ""), WANT_TLS);
	check_int("once", f.out.len, 0);
	session_secured(&f.session, &facts);
	check_int("begins anew", f.session.phase, AT_START);
	check_int("no name", f.session.helo == NULL, true);
	check_int("no extensions", f.session.esmtp, false);
	check_int("errors stay", f.session.errors, 1);
	check_int("who stays", f.session.uid, 7);
	say(&f, "MAIL FROM:<>\r\n");
	check_int("503", said(&f, "503 5.5.1 "), true);
	say(&f, "EHLO client.example\r\n");
	assert_null(strstr(buf_string(&f.out), "STARTTLS"));
	say(&f, "STARTTLS\r\n");
	check_int("twice", said(&f, "503 5.5.1 "), true);
	fixture_end(&f);
}

/* CVE-2011-0411: whoever put them there does not speak inside TLS. */
static void
test_bytes_behind_starttls(void **state)
{
	static const char *const behind[] = { "RSET\r\n", "\r\n", "x",
		"\x16\x03\x01" };
	char text[64];
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < nitems(behind); i++) {
		fixture_begin_tls(&f);
		say(&f, "EHLO client.example\r\n");
		snprintf(text, sizeof(text), "STARTTLS\r\n%s", behind[i]);
		check_int(behind[i], say(&f, text), WANT_CLOSE);
		check_int(behind[i], said(&f, "554 5.5.1 "), true);
		check_int("closed", say(&f, "NOOP\r\n"), WANT_CLOSE);
		check_int("unheard", f.out.len, 0);
		fixture_end(&f);
	}
}

/* Nor what comes while our answer is not written yet. */
static void
test_bytes_before_tls(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin_tls(&f);
	say(&f, "EHLO client.example\r\n");
	check_int("wants it", say(&f, "STARTTLS\r\n"), WANT_TLS);
	check_int("ends", say(&f, "NOOP\r\n"), WANT_CLOSE);
	fixture_end(&f);
}

static void
test_starttls_away(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin_tls(&f);
	f.service.tls_up = false;
	say(&f, "EHLO client.example\r\n");
	assert_non_null(strstr(buf_string(&f.out), "250-STARTTLS\r\n"));
	check_int("goes on", say(&f, "STARTTLS\r\n"), WANT_INPUT);
	check_int("454", said(&f, "454 4.7.0 "), true);
	fixture_end(&f);
}

static void
test_trace_of_tls(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin_tls(&f);
	session_secured(&f.session, &facts);
	say(&f, "EHLO client.example\r\nMAIL FROM:<>\r\n"
		"RCPT TO:<c@example.org>\r\nDATA\r\n");
	session_opened(&f.session, 1, 0, &f.out);
	assert_non_null(strstr(buf_string(session_body(&f.session)),
	    "with ESMTPS (TLSv1.3 TLS_AES_128_GCM_SHA256) id "));
	fixture_end(&f);
}

static struct {
	unsigned int n;
	char last[64];
} refusals;

static void
note_refusal(const struct session *s, const struct refusal *r)
{
	(void)s;
	refusals.n++;
	snprintf(refusals.last, sizeof(refusals.last), "%s %.*s %d", r->command,
	    (int)r->argument.len, r->argument.data, r->code);
}

static void
test_refusals(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	f.service.refused = note_refusal;
	say(&f, "EHLO x\r\nMAIL FROM:<a>\r\n");
	check_str("MAIL", refusals.last, "MAIL FROM:<a> 501");
	say(&f, "MAIL FROM:<>\r\nRCPT TO:<x@mx.test>\r\n");
	check_str("RCPT", refusals.last, "RCPT TO:<x@mx.test> 550");
	say(&f, "RCPT TO:<x@example.org>\r\nDATA\r\n");
	session_opened(&f.session, 1, 0, &f.out);
	say(&f, "a\nb\r\n.\r\n");
	check_str("DATA", refusals.last, "DATA  550");
	check_int("count", refusals.n, 3);
	fixture_end(&f);
}

/* An idle session costs little: nothing large stands in it. */
static void
test_size(void **state)
{
	(void)state;
	assert_true(sizeof(struct session) <= 256);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mails_limit),
		cmocka_unit_test(test_junk),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_want_write),
		cmocka_unit_test(test_lost_body),
		cmocka_unit_test(test_refused_commit),
		cmocka_unit_test(test_drop_between_chunks),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_trace_of_two),
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_bytes_behind_starttls),
		cmocka_unit_test(test_bytes_before_tls),
		cmocka_unit_test(test_starttls_away),
		cmocka_unit_test(test_trace_of_tls),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
