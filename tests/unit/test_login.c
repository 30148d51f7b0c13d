/* SPDX-License-Identifier: ISC */
/* tests/unit/test_login.c - AUTH as a client, and the file of a password.
 *
 * A dialogue is text: what the server says, "|" for each CRLF.
 */
#include "deliver/client.h"
#include "deliver/credential.h"
#include "deliver/greeting.h"
#include "deliver/login.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/check.h"

#define LONG                                                                   \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *content;
	size_t len; /* 0: up to its NUL */
	const char *secret, *why;
} files[] = {
	{ "tick tock", 0, "tick tock", NULL },
	{ "secret\n", 0, "secret", NULL },
	{ "secret\r\n", 0, "secret", NULL },
	{ " secret ", 0, " secret ", NULL },
	{ "s\xc3\xbc\xc3\x9f\n", 0, "s\xc3\xbc\xc3\x9f", NULL },
	{ "", 0, NULL, "it is empty" },
	{ "\n", 0, NULL, "it is empty" },
	{ "\r\n", 0, NULL, "it is empty" },
	{ "one\ntwo\n", 0, NULL, "it has more than one line" },
	{ "one\n\n", 0, NULL, "it has more than one line" },
	{ "o\rne", 0, NULL, "a password has no control characters" },
	{ "o\0e", 3, NULL, "a password has no control characters" },
	{ "o\177e", 0, NULL, "a password has no control characters" },
	{ LONG LONG, 0, NULL, "a password has at most 500 bytes" },
};

static void
test_password(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(files); i++) {
		struct credential c = { .kind = CREDENTIAL_PASSWORD,
			.secret = "the one before" };
		struct view v = view_of(files[i].content);
		char why[CREDENTIAL_WHY] = "";
		bool fine;

		if (files[i].len > 0)
			v = view_make(files[i].content, files[i].len);
		fine = credential_parse(&c, CREDENTIAL_PASSWORD, v, why);
		check_str(files[i].content, why,
		    files[i].why == NULL ? "" : files[i].why);
		check_str(files[i].content, c.secret,
		    fine ? files[i].secret : "the one before");
	}
}

static const struct credential bob = {
	.kind = CREDENTIAL_PASSWORD, .user = "bob", .secret = "tick tock"
};

static void
test_shows(void **state)
{
	static const struct {
		const char *text;
		bool shows;
	} texts[] = {
		{ "535 bad password", false },
		{ "535 tick tock is wrong", true },
		{ "what is dGljayB0b2Nr?", true },
		{ "unknown: AUTH PLAIN AGJvYgB0aWNrIHRvY2s=", true },
		{ "bob is not known", false },
		{ "", false },
	};
	const struct credential none = { .kind = CREDENTIAL_NONE };
	struct login l = { .credential = &bob };

	(void)state;
	for (size_t i = 0; i < nitems(texts); i++)
		check_int(texts[i].text,
		    login_shows(&l, view_of(texts[i].text)), texts[i].shows);
	l.credential = &none;
	check_int("none", login_shows(&l, view_of("")), false);
}

#define HELLO "220 s|250-s|250 AUTH "
#define PLAIN "EHLO us|AUTH PLAIN AGJvYgB0aWNrIHRvY2s=|"
#define LOGIN "EHLO us|AUTH LOGIN|"
#define BOTH  LOGIN "Ym9i|dGljayB0b2Nr|"
#define MAIL  "MAIL FROM:<a@x>|"

static const struct {
	const char *heard, *said, *status; /* "": it goes on */
	bool refused;
} dialogues[] = {
	{ HELLO "PLAIN LOGIN|235 2.7.0 hello|", PLAIN MAIL, "", false },
	{ HELLO "LOGIN PLAIN|235 hello|", PLAIN MAIL, "", false },
	{ HELLO "x plain y|235 hello|", PLAIN MAIL, "", false },
	{ HELLO "LOGIN|334 u|334 p|235 hello|", BOTH MAIL, "", false },
	{ HELLO "PLAIN|535 5.7.8 no|", PLAIN, "451 4.7.8", true },
	{ HELLO "PLAIN|550 no|", PLAIN, "451 4.7.8", true },
	{ HELLO "PLAIN|454 4.7.0 wait|", PLAIN, "451 4.7.8", false },
	{ HELLO "PLAIN|421 4.3.2 bye|", PLAIN, "451 4.7.8", false },
	/* it was all said: nothing is said twice */
	{ HELLO "PLAIN|334 |", PLAIN, "451 4.7.8", false },
	{ HELLO "LOGIN|535 no|", LOGIN, "451 4.7.8", true },
	{ HELLO "LOGIN|334 u|535 no|", LOGIN "Ym9i|", "451 4.7.8", true },
	{ HELLO "LOGIN|334 u|334 p|334 what|", BOTH, "451 4.7.8", false },
	/* success before the password was said is none */
	{ HELLO "LOGIN|235 hello|", LOGIN, "451 4.7.8", false },
	{ HELLO "CRAM-MD5 XOAUTH2|", "EHLO us|", "451 4.7.4", false },
	{ HELLO "|", "EHLO us|", "451 4.7.4", false },
	{ "220 s|250 s|", "EHLO us|", "451 4.7.4", false },
	{ "220 s|502 no|250 s|", "EHLO us|HELO us|", "451 4.7.4", false },
	{ HELLO "PLAIN|tick tock|", PLAIN, "451 4.5.0", false },
};

static void
check_status(const char *what, const struct transaction *t, const char *status)
{
	char code[STATUS_CODE_TEXT], text[64] = "";

	if (t->status.verdict == VERDICT_LATER)
		snprintf(text, sizeof(text), "%d %s", t->status.smtp,
		    status_code(&t->status, code));
	check_str(what, text, status);
	check_int(what, strstr(t->status.text, "tick") == NULL, true);
}

/* What was said, "|" for CRLF. */
static const char *
with_bars(const struct buf *said, char *text)
{
	struct view v = buf_view(said);
	char *at = text;

	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] != '\n')
			*at++ = v.data[i] == '\r' ? '|' : v.data[i];
	*at = '\0';
	return text;
}

static void
run(const struct credential *who, const char *heard, struct transaction *t,
    struct buf *said)
{
	struct view in = view_of(heard);
	struct client c;

	client_begin(&c, "us", ROUTE_TLS_NONE);
	client_login(&c, who, "s", 587);
	client_take(&c, t, said);
	while (in.len > 0) {
		size_t n = view_find(in, '|');

		client_line(&c, view_make(in.data, n), said);
		in = view_skip(in, n + 1);
	}
}

static void
test_dialogues(void **state)
{
	struct credential who = bob;
	char text[4096];

	(void)state;
	for (size_t i = 0; i < 2 * nitems(dialogues); i++) {
		size_t row = i % nitems(dialogues);
		struct transaction t;
		struct buf said;

		/* the other round: nothing may be said in clear text */
		who.cleartext = i < nitems(dialogues);
		buf_init(&said, sizeof(text) - 1);
		transaction_init(&t, "a@x", 1);
		transaction_add(
		    &t, &(struct msg_job_rcpt){ .n = 1, .address = "1@y" });
		run(&who, dialogues[row].heard, &t, &said);
		with_bars(&said, text);
		if (who.cleartext) {
			check_str(
			    dialogues[row].heard, text, dialogues[row].said);
			check_status(
			    dialogues[row].heard, &t, dialogues[row].status);
			check_int(dialogues[row].heard,
			    t.login == JOB_LOGIN_REFUSED,
			    dialogues[row].refused);
		} else {
			check_int(dialogues[row].heard,
			    strstr(text, "AUTH") == NULL, true);
			check_status(dialogues[row].heard, &t, "451 4.7.5");
		}
		buf_free(&said);
		transaction_clear(&t);
	}
}

/* RFC 4954 4: a command has a length; then the response waits to be asked. */
static void
test_long(void **state)
{
	struct credential who = bob;
	struct login login = { .credential = &who };
	struct reply r = { .code = 334 };
	struct buf said;

	(void)state;
	strlcpy(who.secret, LONG, sizeof(who.secret));
	buf_init(&said, LOGIN_LINE_MAX);
	check_int("begin", login_begin(&login, OFFER_AUTH_PLAIN, &said), true);
	check_str("said", buf_string(&said), "AUTH PLAIN\r\n");
	buf_clear(&said);
	check_int("asked", login_heard(&login, &r, &said), LOGIN_MORE);
	check_int("long", buf_view(&said).len > 512, true);
	r.code = 235;
	check_int("done", login_heard(&login, &r, &said), LOGIN_DONE);
	buf_free(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_shows),
		cmocka_unit_test(test_dialogues),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
