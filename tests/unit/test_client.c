/* SPDX-License-Identifier: ISC */
/* tests/unit/test_client.c - tests of deliver/client.c */
#include "tests/unit/dialogue.h"

#include <stdio.h>
#include <string.h>

#define HELLO      "220 s|250 s|"
#define PIPELINED  "220 s|250-s|250 PIPELINING|"
#define SAID_PLAIN "EHLO us|MAIL FROM:<a@x>|RCPT TO:<1@y>|RCPT TO:<2@y>|DATA|"
#define SAID_EHLO  "EHLO us|MAIL FROM:<a@x>|"
#define SAID_GROUP "EHLO us|MAIL FROM:<a@x>|RCPT TO:<1@y>|RCPT TO:<2@y>|DATA|"

static const struct dialogue dialogues[] = {
	/* all is well */
	{ HELLO "250 m|250 r|250 r|354 d|*250 2.6.0 ok|", SAID_PLAIN,
	    "250 2.6.0", "250 2.6.0", NEXT_OVER, STAGE_DOT, true },
	{ PIPELINED "250 m|250 r|250 r|354 d|*250 ok|", SAID_GROUP, "250 2.0.0",
	    "250 2.0.0", NEXT_OVER, STAGE_DOT, true },
	{ "220-a|220-b|220 c|250-s|250 x|250-m|250 m|251 r|252 r|354 d|*299 k|",
	    SAID_PLAIN, "299 2.0.0", "299 2.0.0", NEXT_OVER, STAGE_DOT, true },
	{ "220|250|250|250|250|354|*250|", SAID_PLAIN, "250 2.0.0", "250 2.0.0",
	    NEXT_OVER, STAGE_DOT, true },

	/* the greeting */
	{ "!", "", "451 4.4.2", "451 4.4.2", NEXT_FAILED, STAGE_CONNECT,
	    false },
	{ "421 4.3.2 busy|", "", "421 4.3.2", "421 4.3.2", NEXT_FAILED,
	    STAGE_CONNECT, false },
	{ "450 no|", "", "450 4.0.0", "450 4.0.0", NEXT_FAILED, STAGE_CONNECT,
	    false },
	{ "554 5.7.1 go|", "", "451 4.7.1", "451 4.7.1", NEXT_FAILED,
	    STAGE_CONNECT, false },
	{ "521 none|", "", "521 5.0.0", "521 5.0.0", NEXT_FAILED, STAGE_CONNECT,
	    false },
	{ "354 d|", "", "451 4.5.0", "451 4.5.0", NEXT_FAILED, STAGE_CONNECT,
	    false },
	{ "hello|", "", "451 4.5.0", "451 4.5.0", NEXT_FAILED, STAGE_CONNECT,
	    false },
	{ "|", "", "451 4.5.0", "451 4.5.0", NEXT_FAILED, STAGE_CONNECT,
	    false },
	{ "150 x|", "", "451 4.5.0", "451 4.5.0", NEXT_FAILED, STAGE_CONNECT,
	    false },
	{ "220-a|250 b|", "", "451 4.5.0", "451 4.5.0", NEXT_FAILED,
	    STAGE_CONNECT, false },
	{ "220-a|!", "", "451 4.4.2", "451 4.4.2", NEXT_FAILED, STAGE_CONNECT,
	    false },

	/* EHLO, HELO */
	{ "220 s|502 x|250 s|250 m|250 r|250 r|354 d|*250 ok|",
	    "EHLO us|HELO us|MAIL FROM:<a@x>|RCPT TO:<1@y>|RCPT TO:<2@y>|DATA|",
	    "250 2.0.0", "250 2.0.0", NEXT_OVER, STAGE_DOT, true },
	/* what a refused EHLO offered does not count */
	{ "220 s|502-x|502 PIPELINING|250 s|250 m|",
	    "EHLO us|HELO us|MAIL FROM:<a@x>|RCPT TO:<1@y>|", "", "", NEXT_WAIT,
	    0, false },
	{ "220 s|502 x|550 5.7.1 y|", "EHLO us|HELO us|", "451 4.7.1",
	    "451 4.7.1", NEXT_FAILED, STAGE_CONNECT, false },
	{ "220 s|421 x|", "EHLO us|", "421 4.0.0", "421 4.0.0", NEXT_FAILED,
	    STAGE_CONNECT, false },
	{ "220 s|451 x|", "EHLO us|", "451 4.0.0", "451 4.0.0", NEXT_FAILED,
	    STAGE_CONNECT, false },
	{ "220 s|521 x|", "EHLO us|", "521 5.0.0", "521 5.0.0", NEXT_FAILED,
	    STAGE_CONNECT, false },
	{ "220 s|!", "EHLO us|", "451 4.4.2", "451 4.4.2", NEXT_FAILED,
	    STAGE_CONNECT, false },
	{ "220 s|502 x|!", "EHLO us|HELO us|", "451 4.4.2", "451 4.4.2",
	    NEXT_FAILED, STAGE_CONNECT, false },

	/* MAIL */
	{ HELLO "550 5.7.1 no|", SAID_EHLO, "550 5.7.1", "550 5.7.1", NEXT_OVER,
	    STAGE_MAIL, true },
	{ HELLO "452 4.3.1 full|", SAID_EHLO, "452 4.3.1", "452 4.3.1",
	    NEXT_OVER, STAGE_MAIL, true },
	{ HELLO "354 x|", SAID_EHLO, "451 4.5.0", "451 4.5.0", NEXT_OVER,
	    STAGE_MAIL, false },
	{ HELLO "421 x|", SAID_EHLO, "421 4.0.0", "421 4.0.0", NEXT_FAILED,
	    STAGE_CONNECT, false },
	{ HELLO "!", SAID_EHLO, "451 4.4.2", "451 4.4.2", NEXT_FAILED,
	    STAGE_CONNECT, false },
	{ HELLO "what|", SAID_EHLO, "451 4.5.0", "451 4.5.0", NEXT_FAILED,
	    STAGE_CONNECT, false },
	{ PIPELINED "550 5.7.1 no|", SAID_GROUP, "550 5.7.1", "550 5.7.1",
	    NEXT_OVER, STAGE_MAIL, false },
	{ PIPELINED "!", SAID_GROUP, "451 4.4.2", "451 4.4.2", NEXT_FAILED,
	    STAGE_CONNECT, false },

	/* RCPT */
	{ HELLO "250 m|550 5.1.1 no|250 r|354 d|*250 ok|", SAID_PLAIN,
	    "550 5.1.1", "250 2.0.0", NEXT_OVER, STAGE_DOT, true },
	{ HELLO "250 m|250 r|450 4.2.1 l|354 d|*250 ok|", SAID_PLAIN,
	    "250 2.0.0", "450 4.2.1", NEXT_OVER, STAGE_DOT, true },
	{ HELLO "250 m|250 r|552 5.5.3 many|354 d|*250 ok|", SAID_PLAIN,
	    "250 2.0.0", "452 4.5.3", NEXT_OVER, STAGE_DOT, true },
	{ HELLO "250 m|354 x|250 r|354 d|*250 ok|", SAID_PLAIN, "451 4.5.0",
	    "250 2.0.0", NEXT_OVER, STAGE_DOT, true },
	{ HELLO "250 m|550 5.1.1 a|450 4.2.1 b|",
	    SAID_EHLO "RCPT TO:<1@y>|RCPT TO:<2@y>|", "550 5.1.1", "450 4.2.1",
	    NEXT_OVER, STAGE_MAIL, false },
	{ HELLO "250 m|250 r|421 x|", SAID_EHLO "RCPT TO:<1@y>|RCPT TO:<2@y>|",
	    "421 4.0.0", "421 4.0.0", NEXT_FAILED, STAGE_MAIL, false },
	{ HELLO "250 m|550 5.1.1 r|421 x|",
	    SAID_EHLO "RCPT TO:<1@y>|RCPT TO:<2@y>|", "550 5.1.1", "421 4.0.0",
	    NEXT_FAILED, STAGE_MAIL, false },
	{ HELLO "250 m|550 5.1.1 r|!", SAID_EHLO "RCPT TO:<1@y>|RCPT TO:<2@y>|",
	    "550 5.1.1", "451 4.4.2", NEXT_FAILED, STAGE_MAIL, false },
	{ PIPELINED "250 m|550 5.1.1 r|250 r|354 d|*250 ok|", SAID_GROUP,
	    "550 5.1.1", "250 2.0.0", NEXT_OVER, STAGE_DOT, true },
	{ PIPELINED "250 m|550 5.1.1 r|550 5.1.1 r|554 none|", SAID_GROUP,
	    "550 5.1.1", "550 5.1.1", NEXT_OVER, STAGE_MAIL, false },
	/* RFC 2920 3.1: 354 although nobody was accepted */
	{ PIPELINED "250 m|550 5.1.1 r|450 4.2.1 r|354 d|", SAID_GROUP ".|",
	    "550 5.1.1", "450 4.2.1", NEXT_OVER, STAGE_MAIL, false },
	{ PIPELINED "250 m|550 5.1.1 r|450 4.2.1 r|!", SAID_GROUP, "550 5.1.1",
	    "450 4.2.1", NEXT_FAILED, STAGE_MAIL, false },

	/* DATA */
	{ HELLO "250 m|250 r|250 r|451 4.3.0 x|", SAID_PLAIN, "451 4.3.0",
	    "451 4.3.0", NEXT_OVER, STAGE_MAIL, false },
	{ HELLO "250 m|550 5.1.1 r|250 r|554 5.7.1 x|", SAID_PLAIN, "550 5.1.1",
	    "554 5.7.1", NEXT_OVER, STAGE_MAIL, false },
	{ HELLO "250 m|250 r|250 r|250 ok|", SAID_PLAIN, "451 4.5.0",
	    "451 4.5.0", NEXT_FAILED, STAGE_MAIL, false },
	{ HELLO "250 m|250 r|250 r|421 x|", SAID_PLAIN, "421 4.0.0",
	    "421 4.0.0", NEXT_FAILED, STAGE_MAIL, false },
	{ HELLO "250 m|250 r|250 r|!", SAID_PLAIN, "451 4.4.2", "451 4.4.2",
	    NEXT_FAILED, STAGE_MAIL, false },
	{ HELLO "250 m|250 r|250 r|ok|", SAID_PLAIN, "451 4.5.0", "451 4.5.0",
	    NEXT_FAILED, STAGE_MAIL, false },

	/* the body: a reply before its end is none to the dot */
	{ HELLO "250 m|250 r|250 r|354 d|250 ok|", SAID_PLAIN, "451 4.5.0",
	    "451 4.5.0", NEXT_FAILED, STAGE_DATA, false },
	{ HELLO "250 m|250 r|250 r|354 d|552 5.3.4 big|", SAID_PLAIN,
	    "451 4.5.0", "451 4.5.0", NEXT_FAILED, STAGE_DATA, false },
	{ HELLO "250 m|250 r|250 r|354 d|421 x|", SAID_PLAIN, "421 4.0.0",
	    "421 4.0.0", NEXT_FAILED, STAGE_DATA, false },
	{ HELLO "250 m|250 r|250 r|354 d|!", SAID_PLAIN, "451 4.4.2",
	    "451 4.4.2", NEXT_FAILED, STAGE_DATA, false },

	/* after the dot */
	{ HELLO "250 m|250 r|250 r|354 d|*!", SAID_PLAIN, "451 4.4.2",
	    "451 4.4.2", NEXT_FAILED, STAGE_DOT, false },
	{ HELLO "250 m|250 r|250 r|354 d|*250-ok|!", SAID_PLAIN, "451 4.4.2",
	    "451 4.4.2", NEXT_FAILED, STAGE_DOT, false },
	{ HELLO "250 m|250 r|250 r|354 d|*250-ok|no|", SAID_PLAIN, "451 4.5.0",
	    "451 4.5.0", NEXT_FAILED, STAGE_DOT, false },
	{ HELLO "250 m|250 r|250 r|354 d|*blah|", SAID_PLAIN, "451 4.5.0",
	    "451 4.5.0", NEXT_FAILED, STAGE_DOT, false },
	{ HELLO "250 m|250 r|250 r|354 d|*354 x|", SAID_PLAIN, "451 4.5.0",
	    "451 4.5.0", NEXT_OVER, STAGE_DOT, false },
	{ HELLO "250 m|250 r|250 r|354 d|*421 x|", SAID_PLAIN, "421 4.0.0",
	    "421 4.0.0", NEXT_OVER, STAGE_DOT, false },
	{ HELLO "250 m|250 r|250 r|354 d|*451 4.7.1 grey|", SAID_PLAIN,
	    "451 4.7.1", "451 4.7.1", NEXT_OVER, STAGE_DOT, true },
	{ HELLO "250 m|550 5.1.1 r|250 r|354 d|*554 5.6.0 x|", SAID_PLAIN,
	    "550 5.1.1", "554 5.6.0", NEXT_OVER, STAGE_DOT, true },
	/* the class of the enhanced code must be that of the reply */
	{ HELLO "250 m|250 r|250 r|354 d|*250 5.7.1 x|", SAID_PLAIN,
	    "250 2.0.0", "250 2.0.0", NEXT_OVER, STAGE_DOT, true },
	{ HELLO "250 m|250 r|250 r|354 d|*554 2.0.0 x|", SAID_PLAIN,
	    "554 5.0.0", "554 5.0.0", NEXT_OVER, STAGE_DOT, true },
};

/* RFC 3461 5.2.1: passed on as it came, where it is offered. */
static void
test_dsn(void **state)
{
	static const struct {
		const char *ehlo, *mail, *rcpts;
		bool dsn;
	} rows[] = {
		{ "250-s|250 DSN|", " RET=HDRS ENVID=a+2Bb+20c",
		    "RCPT TO:<1@y> NOTIFY=SUCCESS,FAILURE,DELAY"
		    " ORCPT=rfc822;o+3D1@z|"
		    "RCPT TO:<2@y> NOTIFY=NEVER|",
		    true },
		{ "250-s|250 SIZE|", " SIZE=100",
		    "RCPT TO:<1@y>|RCPT TO:<2@y>|", false },
		{ "500 no|250 s|", "", "RCPT TO:<1@y>|RCPT TO:<2@y>|", false },
	};
	struct transaction t = { 0 };
	char heard[256], want[512];
	struct client c;
	struct buf said;

	(void)state;
	buf_init(&said, 4096);
	for (size_t i = 0; i < nitems(rows); i++) {
		transaction_init(&t, "a@x", 2);
		t.ret = RET_HDRS;
		strlcpy(t.envid, "a+b c", sizeof(t.envid));
		transaction_add(&t, &(struct msg_job_rcpt){ .n = 1,
					.address = "1@y",
					.notify = NOTIFY_SUCCESS |
						  NOTIFY_FAILURE | NOTIFY_DELAY,
					.orcpt = "rfc822;o=1@z" });
		transaction_add(
		    &t, &(struct msg_job_rcpt){
			    .n = 2, .address = "2@y", .notify = NOTIFY_NEVER });
		t.size = 100;
		snprintf(heard, sizeof(heard),
		    "220 s|%s250 m|250 r|250 r|354 d|*250 ok|", rows[i].ehlo);
		snprintf(want, sizeof(want),
		    "EHLO us|%sMAIL FROM:<a@x>%s|%sDATA|",
		    rows[i].ehlo[0] == '5' ? "HELO us|" : "", rows[i].mail,
		    rows[i].rcpts);
		buf_clear(&said);
		check_int(
		    want, dialogue_run(&c, &t, false, heard, &said), NEXT_OVER);
		check_str(rows[i].ehlo, dialogue_said(&said), want);
		check_int(rows[i].ehlo, t.dsn, rows[i].dsn);
		transaction_clear(&t);
	}
	buf_free(&said);
}

static void
test_dialogues(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(dialogues); i++)
		dialogue_check(&dialogues[i], false);
}

static const struct {
	const char *ehlo; /* lines after the first */
	bool eightbit;
	const char *mail;
} parameters[] = {
	{ "250 X", true, "MAIL FROM:<a@x>|" },
	{ "250 8BITMIME", true, "MAIL FROM:<a@x> BODY=8BITMIME|" },
	{ "250 8BITMIME", false, "MAIL FROM:<a@x>|" },
	{ "250 SIZE", true, "MAIL FROM:<a@x> SIZE=100|" },
	{ "250 SIZE 100", false, "MAIL FROM:<a@x> SIZE=100|" },
};

static void
test_parameters(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(parameters); i++) {
		struct transaction t;
		struct client c;
		struct buf said;

		dialogue_message(&t);
		t.eightbit = parameters[i].eightbit;
		buf_init(&said, 4096);
		dialogue_run(&c, &t, false, "220 s|250-s|", &said);
		buf_clear(&said);
		client_line(&c, view_of(parameters[i].ehlo), &said);
		check_str(parameters[i].ehlo, dialogue_said(&said),
		    parameters[i].mail);
		buf_free(&said);
		transaction_clear(&t);
	}
}

/* RFC 1870: what the server does not take is not offered to it. */
static void
test_too_large(void **state)
{
	struct transaction t;
	struct client c;
	struct buf said;

	(void)state;
	dialogue_message(&t);
	buf_init(&said, 4096);
	check_int("too large",
	    dialogue_run(&c, &t, false,
		"220 s|250-s|250-PIPELINING|250 SIZE 99|", &said),
	    NEXT_OVER);
	check_str("said", dialogue_said(&said), "EHLO us|");
	check_str("status", dialogue_status(&t, 0), "552 5.3.4");
	check_int("stage", t.stage, STAGE_MAIL);
	check_int("fit", c.fit, true);
	buf_free(&said);
	transaction_clear(&t);
}

#define U "\xc3\xbc"

/* RFC 6531 3.2, 3.5: who needs SMTPUTF8, and what becomes of them without. */
static const struct {
	const char *ehlo;
	const char *sender, *rcpts[2];
	bool utf8_header;
	const char *said; /* after EHLO */
	const char *first, *second;
} utf8_cases[] = {
	{ "250 SMTPUTF8", "a@x", { "1@y", "2@y" }, false, "MAIL FROM:<a@x>|",
	    NULL, NULL },
	{ "250 SMTPUTF8", U "@x", { "1@y", "2@y" }, false,
	    "MAIL FROM:<" U "@x> SMTPUTF8|", NULL, NULL },
	{ "250 SMTPUTF8", "", { "1@y", U "@y" }, false,
	    "MAIL FROM:<> SMTPUTF8|", NULL, NULL },
	{ "250 SMTPUTF8", "a@x", { "1@y", "2@y" }, true,
	    "MAIL FROM:<a@x> SMTPUTF8|", NULL, NULL },
	{ "250 X", U "@x", { "1@y", "2@y" }, false, "", "553 5.6.7",
	    "553 5.6.7" },
	{ "250 X", "a@x", { "1@y", "2@y" }, true, "", "554 5.6.9",
	    "554 5.6.9" },
	{ "250 X", "a@x", { U "@y", "2@y" }, false, "MAIL FROM:<a@x>|",
	    "553 5.6.7", NULL },
	{ "250 X", "a@x", { U "@y", U "@z" }, false, "", "553 5.6.7",
	    "553 5.6.7" },
};

static void
test_smtputf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(utf8_cases); i++) {
		const char *label = utf8_cases[i].ehlo;
		struct transaction t;
		struct client c;
		struct buf said;
		bool over = utf8_cases[i].second != NULL;

		transaction_init(&t, utf8_cases[i].sender, 2);
		for (uint32_t r = 0; r < 2; r++) {
			struct msg_job_rcpt m = { .n = r };

			view_copy(view_of(utf8_cases[i].rcpts[r]), m.address,
			    sizeof(m.address));
			transaction_add(&t, &m);
		}
		t.utf8_header = utf8_cases[i].utf8_header;
		buf_init(&said, 4096);
		dialogue_run(&c, &t, false, "220 s|250-s|", &said);
		buf_clear(&said);
		check_int(label, client_line(&c, view_of(label), &said),
		    over ? NEXT_OVER : NEXT_WAIT);
		check_str(label, dialogue_said(&said), utf8_cases[i].said);
		if (utf8_cases[i].first != NULL)
			check_str(
			    label, dialogue_status(&t, 0), utf8_cases[i].first);
		if (over)
			check_str(label, dialogue_status(&t, 1),
			    utf8_cases[i].second);
		buf_free(&said);
		transaction_clear(&t);
	}
}

/* A second message on the same connection, and the end between them. */
static void
test_reuse(void **state)
{
	struct transaction t;
	struct client c;
	struct buf said;

	(void)state;
	dialogue_message(&t);
	buf_init(&said, 4096);
	check_int("first",
	    dialogue_run(&c, &t, false,
		PIPELINED "250 m|250 r|250 r|354 d|*250 ok|", &said),
	    NEXT_OVER);
	check_int("idle", c.state, CLIENT_IDLE);
	buf_clear(&said);
	check_int("take", client_take(&c, &t, &said), NEXT_WAIT);
	check_str("said", dialogue_said(&said),
	    "MAIL FROM:<a@x>|RCPT TO:<1@y>|RCPT TO:<2@y>|DATA|");
	check_int("told off", client_line(&c, view_of("421 bye"), &said),
	    NEXT_FAILED);
	check_int("stage", t.stage, STAGE_CONNECT);
	transaction_clear(&t);

	dialogue_message(&t);
	check_int("third",
	    dialogue_run(&c, &t, false,
		PIPELINED "250 m|250 r|250 r|354 d|*250 ok|", &said),
	    NEXT_OVER);
	check_int(
	    "unasked", client_line(&c, view_of("421 bye"), &said), NEXT_FAILED);
	check_str("status", dialogue_status(&t, 0), "250 2.0.0");
	buf_free(&said);
	transaction_clear(&t);
}

/* RFC 9422: a session that took all that it would is not used again. */
static void
test_mail_max(void **state)
{
	struct transaction t;
	struct client c;
	struct buf said;

	(void)state;
	dialogue_message(&t);
	buf_init(&said, 4096);
	check_int("first",
	    dialogue_run(&c, &t, false,
		"220 s|250-s|250 LIMITS MAILMAX=2|"
		"250 m|250 r|250 r|354 d|*250 ok|",
		&said),
	    NEXT_OVER);
	check_int("fit", c.fit, true);
	client_take(&c, &t, &said);
	check_int(
	    "second", client_line(&c, view_of("550 no"), &said), NEXT_OVER);
	check_int("not fit", c.fit, false);
	buf_free(&said);
	transaction_clear(&t);
}

/* A recipient that one server judged is not shown to the next. */
static void
test_second_server(void **state)
{
	struct transaction t;
	struct client c;
	struct buf said;

	(void)state;
	dialogue_message(&t);
	buf_init(&said, 4096);
	check_int("first",
	    dialogue_run(
		&c, &t, false, HELLO "250 m|550 5.1.1 r|421 x|", &said),
	    NEXT_FAILED);
	assert_true(transaction_open(&t));
	buf_clear(&said);
	check_int("second",
	    dialogue_run(
		&c, &t, false, PIPELINED "250 m|250 r|354 d|*250 ok|", &said),
	    NEXT_OVER);
	check_str("said", dialogue_said(&said),
	    "EHLO us|MAIL FROM:<a@x>|RCPT TO:<2@y>|DATA|");
	check_str("judged", dialogue_status(&t, 0), "550 5.1.1");
	check_str("taken", dialogue_status(&t, 1), "250 2.0.0");
	buf_free(&said);
	transaction_clear(&t);
}

static void
test_patience(void **state)
{
	struct transaction t;
	struct client c;
	struct buf said;

	(void)state;
	dialogue_message(&t);
	buf_init(&said, 4096);
	client_begin(&c, "us", ROUTE_TLS_NONE);
	check_int("greeting", client_patience(&c), 300);
	dialogue_run(&c, &t, false, HELLO, &said);
	check_int("mail", client_patience(&c), 300);
	dialogue_run(&c, &t, false, HELLO "250 m|", &said);
	check_int("rcpt", client_patience(&c), 300);
	dialogue_run(&c, &t, false, HELLO "250 m|250 r|250 r|", &said);
	check_int("data", client_patience(&c), 120);
	dialogue_run(&c, &t, false, HELLO "250 m|250 r|250 r|354 d|", &said);
	check_int("body", client_patience(&c), 180);
	dialogue_run(&c, &t, false, HELLO "250 m|250 r|250 r|354 d|*", &said);
	check_int("dot", client_patience(&c), 600);
	buf_free(&said);
	transaction_clear(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),
		cmocka_unit_test(test_dsn),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_smtputf8),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_mail_max),
		cmocka_unit_test(test_second_server),
		cmocka_unit_test(test_patience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
