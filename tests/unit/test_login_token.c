/* SPDX-License-Identifier: ISC */
/* tests/unit/test_login_token.c - AUTH with a token, and the file of one.
 *
 * A dialogue is text: what the server says, "|" for each CRLF.
 */
#include "common/base/alloc.h"
#include "common/base/base64.h"
#include "deliver/client.h"
#include "deliver/credential.h"
#include "deliver/login.h"
#include "deliver/rejection.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/check.h"

#define BYTES                                                                  \
	"line 1, byte %d: not of a token, which has A-Z, a-z, 0-9 and "        \
	"\"-._~+/\", and \"=\" at its end"
#define NO_TIME                                                                \
	"\" is no time such as 2026-11-28T22:10:03Z, or seconds since 1970"

static const struct {
	const char *content, *secret, *why; /* why NULL: it is one */
	int64_t expires;
	int byte; /* for BYTES */
} files[] = {
	{ "ya29.a0Af", "ya29.a0Af", NULL, 0, 0 },
	{ "eyJ0.eyJh-_~+/==\n", "eyJ0.eyJh-_~+/==", NULL, 0, 0 },
	{ "abc\r\n", "abc", NULL, 0, 0 },
	{ "abc\nexpires 1795903803", "abc", NULL, 1795903803000, 0 },
	{ "abc\r\nexpires 2026-11-28T22:10:03Z\r\n", "abc", NULL, 1795903803000,
	    0 },
	{ "abc\n expires\t2026-11-28 23:10:03.5+01:00 \n", "abc", NULL,
	    1795903803500, 0 },
	{ "", NULL, "line 1: there is no token", 0, 0 },
	{ "\n", NULL, "line 1: there is no token", 0, 0 },
	{ "\nexpires 1795903803", NULL, "line 1: there is no token", 0, 0 },
	{ "a b", NULL, BYTES, 0, 2 },
	{ " ab", NULL, BYTES, 0, 1 },
	{ "ab\r\r\n", NULL, BYTES, 0, 3 },
	{ "a=b", NULL, BYTES, 0, 3 },
	{ "=", NULL, BYTES, 0, 1 },
	{ "a\xc3\xbc", NULL, BYTES, 0, 2 },
	{ "Bearer abc", NULL, BYTES, 0, 7 },
	{ "{\"access_token\"", NULL, BYTES, 0, 1 },
	/* a token cut in two: no piece of it is shown */
	{ "abc\ndef\n", NULL, "line 2: it must be \"expires TIME\"", 0, 0 },
	{ "abc\n\n", NULL, "line 2: it must be \"expires TIME\"", 0, 0 },
	{ "abc\nexpires", NULL, "line 2: \"" NO_TIME, 0, 0 },
	{ "abc\nexpires \033[2J\xff", NULL, "line 2: \"?[2J?" NO_TIME, 0, 0 },
	{ "abc\nexpires 0", NULL, "line 2: \"0" NO_TIME, 0, 0 },
	{ "abc\nexpires 3600s\n", NULL, "line 2: \"3600s" NO_TIME, 0, 0 },
	{ "abc\nexpires 2026-11-28T22:10:03\n", NULL,
	    "line 2: \"2026-11-28T22:10:03" NO_TIME, 0, 0 },
	{ "abc\nexpires 1795903803\nx", NULL,
	    "line 3: there is nothing behind the time", 0, 0 },
	{ "abc\nexpires 1795903803\n\n", NULL,
	    "line 3: there is nothing behind the time", 0, 0 },
};

static void
check_file(size_t i)
{
	struct credential c = { .kind = CREDENTIAL_TOKEN,
		.secret = "the one before",
		.expires = 7 };
	char why[CREDENTIAL_WHY] = "", want[CREDENTIAL_WHY] = "";
	const char *name = files[i].content;

	if (files[i].why != NULL && files[i].byte > 0)
		snprintf(want, sizeof(want), BYTES, files[i].byte);
	else if (files[i].why != NULL)
		strlcpy(want, files[i].why, sizeof(want));
	check_int(name,
	    credential_parse(&c, CREDENTIAL_TOKEN, view_of(name), why),
	    files[i].why == NULL);
	check_str(name, why, want);
	check_str(name, c.secret,
	    files[i].why == NULL ? files[i].secret : "the one before");
	check_int(name, c.expires, files[i].why == NULL ? files[i].expires : 7);
}

static void
test_files(void **state)
{
	char text[CREDENTIAL_SECRET_MAX + 3], why[CREDENTIAL_WHY] = "";
	struct credential c = { 0 };

	(void)state;
	for (size_t i = 0; i < nitems(files); i++)
		check_file(i);
	memset(text, 'a', sizeof(text));
	text[CREDENTIAL_SECRET_MAX] = '\n';
	check_int("longest",
	    credential_parse(&c, CREDENTIAL_TOKEN,
		view_make(text, CREDENTIAL_SECRET_MAX + 1), why),
	    true);
	check_int("length", strlen(c.secret), CREDENTIAL_SECRET_MAX);
	text[CREDENTIAL_SECRET_MAX] = 'a';
	check_int("too long",
	    credential_parse(&c, CREDENTIAL_TOKEN,
		view_make(text, CREDENTIAL_SECRET_MAX + 1), why),
	    false);
	check_str("too long", why, "line 1: a token has at most 4096 bytes");
	check_int("a NUL",
	    credential_parse(&c, CREDENTIAL_TOKEN, view_make("a\0b", 3), why),
	    false);
}

static const struct credential box = { .kind = CREDENTIAL_TOKEN,
	.cleartext = true,
	.user = "box,1=7@x",
	.secret = "tick-tock.SECRET~0123456789",
	.expires = 1795903803000 };

/* What the server was to be told, decoded. */
static const char *
decoded(struct view said, char out[CREDENTIAL_FILE_MAX])
{
	size_t len = 0;

	if (!base64_decode(said, out, CREDENTIAL_FILE_MAX - 1, &len))
		fail_msg("no base64");
	out[len] = '\0';
	return out;
}

static void
test_forms(void **state)
{
	static const struct {
		unsigned int offers;
		const char *host, *command, *text;
	} forms[] = {
		{ OFFER_AUTH_OAUTHBEARER | OFFER_AUTH_XOAUTH2, "s.example",
		    "AUTH OAUTHBEARER ",
		    "n,a=box=2C1=3D7@x,\1host=s.example\1port=587\1"
		    "auth=Bearer tick-tock.SECRET~0123456789\1\1" },
		{ OFFER_AUTH_OAUTHBEARER, "", "AUTH OAUTHBEARER ",
		    "n,a=box=2C1=3D7@x,\1"
		    "auth=Bearer tick-tock.SECRET~0123456789\1\1" },
		{ OFFER_AUTH_XOAUTH2 | OFFER_AUTH_PLAIN, "s.example",
		    "AUTH XOAUTH2 ",
		    "user=box,1=7@x\1"
		    "auth=Bearer tick-tock.SECRET~0123456789\1\1" },
	};
	char text[CREDENTIAL_FILE_MAX];

	(void)state;
	for (size_t i = 0; i < nitems(forms); i++) {
		struct login l = {
			.credential = &box, .host = forms[i].host, .port = 587
		};
		size_t n = strlen(forms[i].command);
		struct view v;
		struct buf out;

		buf_init(&out, LOGIN_LINE_MAX);
		assert_true(login_begin(&l, forms[i].offers, &out));
		v = buf_view(&out);
		assert_true(v.len > n + 2);
		assert_memory_equal(v.data, forms[i].command, n);
		assert_memory_equal(v.data + v.len - 2, "\r\n", 2);
		v = view_make(v.data + n, v.len - n - 2);
		check_str(forms[i].command, decoded(v, text), forms[i].text);
		buf_free(&out);
	}
}

/* The longest of everything: it fits, behind the 334. */
static void
test_longest(void **state)
{
	static const unsigned int offers[] = { OFFER_AUTH_OAUTHBEARER,
		OFFER_AUTH_XOAUTH2 };
	char host[DOMAIN_MAX + 1] = "", text[CREDENTIAL_FILE_MAX];
	struct reply r = { .code = 334 };
	struct credential who = box;

	(void)state;
	memset(who.user, '=', LOGIN_MAX);
	memset(who.secret, 'a', CREDENTIAL_SECRET_MAX);
	memset(host, 'h', DOMAIN_MAX);
	for (size_t i = 0; i < nitems(offers); i++) {
		struct login l = {
			.credential = &who, .host = host, .port = 65535
		};
		struct buf out;

		buf_init(&out, LOGIN_LINE_MAX);
		assert_true(login_begin(&l, offers[i], &out));
		assert_true(buf_view(&out).len < 32);
		buf_clear(&out);
		check_int("asked", login_heard(&l, &r, &out), LOGIN_MORE);
		assert_true(buf_ok(&out));
		decoded(view_make(out.data, out.len - 2), text);
		assert_non_null(strstr(text, who.secret));
		check_int(
		    "a piece", login_shows(&l, view_make(out.data, 300)), true);
		buf_free(&out);
	}
}

#define HELLO   "220 s|250-s|250 AUTH "
#define BEARER  "EHLO us|AUTH OAUTHBEARER *|"
#define XOAUTH2 "EHLO us|AUTH XOAUTH2 *|"
#define MAIL    "MAIL FROM:<a@x>|"
/* {"status":"401","schemes":"bearer mac","scope":"https://mail/"} */
#define SAYS_401                                                               \
	"334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIG1hYyIsInNjb3BlIj"   \
	"oiaHR0cHM6Ly9tYWlsLyJ9|"

static const struct {
	const char *heard, *said, *status; /* "": it goes on */
	enum job_login login;
} dialogues[] = {
	{ HELLO "PLAIN OAUTHBEARER XOAUTH2|235 hello|", BEARER MAIL, "", 0 },
	{ HELLO "xoauth2 LOGIN|235 2.7.0 hello|", XOAUTH2 MAIL, "", 0 },
	{ HELLO "XOAUTH2|535 5.7.8 no|", XOAUTH2,
	    "451 4.7.8 the server refuses our login: 535 no",
	    JOB_LOGIN_REFUSED },
	{ HELLO "XOAUTH2|" SAYS_401 "535 5.7.8 no|", XOAUTH2 "|",
	    "451 4.7.8 the server refuses our login: 535 no (status 401, "
	    "scope https://mail/, schemes bearer mac)",
	    JOB_LOGIN_REFUSED },
	{ HELLO "OAUTHBEARER|" SAYS_401 "535 5.7.8 no|", BEARER "AQ==|",
	    "451 4.7.8 the server refuses our login: 535 no (status 401, "
	    "scope https://mail/, schemes bearer mac)",
	    JOB_LOGIN_REFUSED },
	{ HELLO "OAUTHBEARER|334 |535 no|", BEARER "AQ==|",
	    "451 4.7.8 the server refuses our login: 535 no",
	    JOB_LOGIN_REFUSED },
	{ HELLO "XOAUTH2|" SAYS_401 "454 4.7.0 wait|", XOAUTH2 "|",
	    "451 4.7.8 the server refuses our login: 454 wait (status 401, "
	    "scope https://mail/, schemes bearer mac)",
	    0 },
	/* {"status":"tick-tock.SECRET~0123456789"} */
	{ HELLO "XOAUTH2|334 eyJzdGF0dXMiOiJ0aWNrLXRvY2suU0VDUkVUfjAxMjM0NTY"
		"3ODkifQ==|535 no|",
	    XOAUTH2 "|", "451 4.7.8 the server refuses our login: 535 no",
	    JOB_LOGIN_REFUSED },
	{ HELLO "XOAUTH2|535 tick-tock.SECRET~|", XOAUTH2,
	    "451 4.7.8 the server refuses our login: 535 (its text repeats "
	    "the token)",
	    JOB_LOGIN_REFUSED },
	/* it was said that it is wrong: no success after that, nor more */
	{ HELLO "XOAUTH2|334 e30=|235 hello|", XOAUTH2 "|",
	    "451 4.7.8 the server refuses our login: 235 hello", 0 },
	{ HELLO "XOAUTH2|334 e30=|334 e30=|", XOAUTH2 "|",
	    "451 4.7.8 the server refuses our login: 334 ", 0 },
	{ HELLO "OAUTHBEARER|not a reply|", BEARER,
	    "451 4.5.0 not an SMTP reply, waiting for the reply to AUTH: ", 0 },
	{ HELLO "OAUTHBEARER|334 e30=|", BEARER "AQ==|",
	    "451 4.4.2 lost, waiting for the reply to AUTH", 0 },
	{ HELLO "OAUTHBEARER|", BEARER,
	    "451 4.4.2 lost, waiting for the reply to AUTH", 0 },
	{ HELLO "PLAIN LOGIN CRAM-MD5|", "EHLO us|",
	    "451 4.7.4 no login: the server offers neither AUTH OAUTHBEARER "
	    "nor XOAUTH2",
	    0 },
};

/* What was said, "|" for CRLF, "*" for what stands behind a mechanism. */
static const char *
with_bars(const struct buf *said, char *text)
{
	struct view v = buf_view(said);
	char *at = text;

	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] == '\r')
			*at++ = '|';
		else if (v.data[i] != '\n')
			*at++ = v.data[i];
		*at = '\0';
		if (strlen(text) < 4 || strcmp(at - 2, "R ") != 0)
			if (strlen(text) < 4 || strcmp(at - 2, "2 ") != 0)
				continue;
		*at++ = '*';
		while (v.data[i + 1] != '\r')
			i++;
	}
	*at = '\0';
	return text;
}

static void
check_status(const char *what, const struct transaction *t, const char *want)
{
	char code[STATUS_CODE_TEXT], text[STATUS_TEXT + 32] = "";

	if (t->status.verdict == VERDICT_LATER)
		snprintf(text, sizeof(text), "%d %s %s", t->status.smtp,
		    status_code(&t->status, code), t->status.text);
	check_str(what, text, want);
}

/* Hears it, and loses the connection if that is still waited for. */
static void
run(const struct credential *who, int64_t now, const char *heard,
    struct transaction *t, struct buf *said)
{
	struct view in = view_of(heard);
	struct client c;

	transaction_init(t, "a@x", 1);
	transaction_add(t, &(struct msg_job_rcpt){ .n = 1, .address = "1@y" });
	client_begin(&c, "us", ROUTE_TLS_NONE);
	client_login(&c, who, "s", 587);
	client_take(&c, t, said);
	while (in.len > 0) {
		size_t n = view_find(in, '|');

		client_time(&c, now);
		client_line(&c, view_make(in.data, n), said);
		in = view_skip(in, n + 1);
	}
	if (c.state == CLIENT_AUTH)
		client_lost(&c, "lost");
}

static void
test_dialogues(void **state)
{
	char text[8192];

	(void)state;
	for (size_t i = 0; i < nitems(dialogues); i++) {
		struct transaction t;
		struct buf said;

		buf_init(&said, sizeof(text) - 1);
		run(&box, box.expires - CREDENTIAL_SKEW_MS - 1,
		    dialogues[i].heard, &t, &said);
		check_str(dialogues[i].heard, with_bars(&said, text),
		    dialogues[i].said);
		check_status(dialogues[i].heard, &t, dialogues[i].status);
		check_int(dialogues[i].heard, t.login, dialogues[i].login);
		buf_free(&said);
		transaction_clear(&t);
	}
}

/* One that has ended, or is about to, is never said. */
static void
test_expired(void **state)
{
	static const char text[] =
	    "451 4.7.8 the token of box,1=7@x expired at 2026-11-28 22:10:03 "
	    "UTC";
	char out[8192];

	(void)state;
	for (size_t i = 0; i < nitems(dialogues); i++) {
		struct transaction t;
		struct buf said;

		buf_init(&said, sizeof(out) - 1);
		run(&box, box.expires - CREDENTIAL_SKEW_MS, dialogues[i].heard,
		    &t, &said);
		check_str(
		    dialogues[i].heard, with_bars(&said, out), "EHLO us|");
		check_status(dialogues[i].heard, &t, text);
		check_int(dialogues[i].heard, t.login, JOB_LOGIN_EXPIRED);
		buf_free(&said);
		transaction_clear(&t);
	}
}

/* It ends between the command and the 334. */
static void
test_expires_meanwhile(void **state)
{
	struct credential who = box;
	struct transaction t = { 0 };
	struct client c;
	struct buf said;

	(void)state;
	memset(who.secret, 'a', 600);
	buf_init(&said, 8192);
	transaction_init(&t, "a@x", 1);
	client_begin(&c, "us", ROUTE_TLS_NONE);
	client_login(&c, &who, "s", 587);
	client_take(&c, &t, &said);
	client_time(&c, 1);
	client_line(&c, view_of("220 s"), &said);
	client_line(&c, view_of("250-s"), &said);
	client_line(&c, view_of("250 AUTH XOAUTH2"), &said);
	check_str("command", buf_string(&said), "EHLO us\r\nAUTH XOAUTH2\r\n");
	client_time(&c, who.expires);
	check_int("late", client_line(&c, view_of("334 "), &said), NEXT_FAILED);
	check_str("no more", buf_string(&said), "EHLO us\r\nAUTH XOAUTH2\r\n");
	check_int("told", t.login, JOB_LOGIN_EXPIRED);
	transaction_clear(&t);
	buf_free(&said);
}

static void
test_rejection(void **state)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{ "{\"status\":\"invalid_token\"}", "status invalid_token" },
		{ "{ \"status\" :\t401 , \"scope\" : \"a\\/b\" }",
		    "status 401, scope a/b" },
		{ "{\"schemes\":\"Bearer\"}", "schemes Bearer" },
		{ "{\"status\":\"a\1\xff\x7f\"}", "status a???" },
		{ "{\"status\":\"a\\\"b\"}", "status a\"b" },
		{ "{\"status\":\"cut", "status cut" },
		{ "{\"status\":\"", "" },
		{ "{\"status\":", "" },
		{ "{\"status\"", "" },
		{ "{\"status\":null}", "" },
		{ "{}", "" },
		{ "", "" },
		{ "{\"status\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
		    "status aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	};
	char out[REJECTION_TEXT];
	struct buf said;

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		buf_init(&said, REPLY_TEXT);
		base64_encode(view_of(rows[i].json), &said);
		check_str(rows[i].json, rejection_read(buf_view(&said), out),
		    rows[i].text);
		buf_free(&said);
	}
	check_str("no base64", rejection_read(view_of("go on"), out), "");
	/* a reply's text that was cut: what is there is read */
	check_str("cut", rejection_read(view_of("eyJzdGF0dXMiOiJhYmM"), out),
	    "status a");
}

static void
test_shows(void **state)
{
	static const struct {
		const char *text;
		bool shows;
	} texts[] = {
		{ "535 5.7.8 bad token", false },
		{ "535 box,1=7@x is not known", false },
		{ "tick-tock.SECRET~0123456789", true },
		{ "a piece is enough: SECRET~012345678", true },
		{ "SECRET~01234567", false }, /* 15 bytes */
		/* base64 of the token, of XOAUTH2's response, of the other */
		{ "dGljay10b2NrLlNFQ1JFVH4wMTIzNDU2Nzg5", true },
		{ "BdXRoPUJlYXJlciB0aWNrLXRvY2suU0VDUkVUfj", true },
		{ "XJlciB0aWNrLXRvY2suU0", true },
	};
	const struct login l = { .credential = &box, .host = "s", .port = 587 };

	(void)state;
	for (size_t i = 0; i < nitems(texts); i++)
		check_int(texts[i].text,
		    login_shows(&l, view_of(texts[i].text)), texts[i].shows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_dialogues),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_expires_meanwhile),
		cmocka_unit_test(test_rejection),
		cmocka_unit_test(test_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
