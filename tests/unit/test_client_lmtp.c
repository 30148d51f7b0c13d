/* SPDX-License-Identifier: ISC */
/* tests/unit/test_client_lmtp.c - tests of deliver/client.c as it speaks LMTP.
 */
#include "tests/unit/dialogue.h"

#define LHELLO      "220 s|250 s|"
#define LPIPELINED  "220 s|250-s|250 PIPELINING|"
#define SAID_LHLO   "LHLO us|MAIL FROM:<a@x>|"
#define SAID_LPLAIN SAID_LHLO "RCPT TO:<1@y>|RCPT TO:<2@y>|DATA|"

/* By LMTP a reply to the dot for each that was accepted (RFC 2033 4.2). */
static const struct dialogue dialogues[] = {
	{ LHELLO "250 m|250 r|250 r|354 d|*250 2.6.0 a|250 2.1.5 b|",
	    SAID_LPLAIN, "250 2.6.0", "250 2.1.5", NEXT_OVER, STAGE_DOT, true },
	{ LPIPELINED "250 m|250 r|250 r|354 d|*552 5.2.2 a|452 4.2.2 b|",
	    SAID_LPLAIN, "552 5.2.2", "452 4.2.2", NEXT_OVER, STAGE_DOT, true },
	{ LHELLO "250 m|250 r|250 r|354 d|*250-a|250 a|550-b|550 5.1.1 b|",
	    SAID_LPLAIN, "250 2.0.0", "550 5.1.1", NEXT_OVER, STAGE_DOT, true },
	/* who was refused has none */
	{ LHELLO "250 m|550 5.1.1 r|250 r|354 d|*250 b|", SAID_LPLAIN,
	    "550 5.1.1", "250 2.0.0", NEXT_OVER, STAGE_DOT, true },
	{ LHELLO "250 m|250 r|550 5.1.1 r|354 d|*452 4.3.1 a|", SAID_LPLAIN,
	    "452 4.3.1", "550 5.1.1", NEXT_OVER, STAGE_DOT, true },
	{ LPIPELINED "250 m|550 5.1.1 r|550 5.1.1 r|503 none|", SAID_LPLAIN,
	    "550 5.1.1", "550 5.1.1", NEXT_OVER, STAGE_MAIL, false },
	/* a mailbox that is full, and too many recipients */
	{ LHELLO "250 m|552 5.2.2 full|552 x|",
	    SAID_LHLO "RCPT TO:<1@y>|RCPT TO:<2@y>|", "552 5.2.2", "452 4.5.3",
	    NEXT_OVER, STAGE_MAIL, false },
	/* lost, or nonsense, between the replies */
	{ LHELLO "250 m|250 r|250 r|354 d|*!", SAID_LPLAIN, "451 4.4.2",
	    "451 4.4.2", NEXT_FAILED, STAGE_DOT, false },
	{ LHELLO "250 m|250 r|250 r|354 d|*250 a|!", SAID_LPLAIN, "250 2.0.0",
	    "451 4.4.2", NEXT_FAILED, STAGE_DOT, false },
	{ LHELLO "250 m|250 r|250 r|354 d|*554 5.6.0 a|250-b|!", SAID_LPLAIN,
	    "554 5.6.0", "451 4.4.2", NEXT_FAILED, STAGE_DOT, false },
	{ LHELLO "250 m|250 r|250 r|354 d|*250 a|b|", SAID_LPLAIN, "250 2.0.0",
	    "451 4.5.0", NEXT_FAILED, STAGE_DOT, false },
	/* replies that are none to a dot */
	{ LHELLO "250 m|250 r|250 r|354 d|*221 a|250 b|", SAID_LPLAIN,
	    "451 4.5.0", "250 2.0.0", NEXT_OVER, STAGE_DOT, false },
	{ LHELLO "250 m|250 r|250 r|354 d|*250 a|354 b|", SAID_LPLAIN,
	    "250 2.0.0", "451 4.5.0", NEXT_OVER, STAGE_DOT, false },
	{ LHELLO "250 m|250 r|250 r|354 d|*421 a|250 b|", SAID_LPLAIN,
	    "421 4.0.0", "250 2.0.0", NEXT_OVER, STAGE_DOT, false },
	{ LHELLO "250 m|250 r|250 r|354 d|250 a|", SAID_LPLAIN, "451 4.5.0",
	    "451 4.5.0", NEXT_FAILED, STAGE_DATA, false },
	/* there is no HELO to fall back to */
	{ "220 s|502 5.5.1 x|", "LHLO us|", "451 4.5.1", "451 4.5.1",
	    NEXT_FAILED, STAGE_CONNECT, false },
	{ "220 s|521 x|", "LHLO us|", "521 5.0.0", "521 5.0.0", NEXT_FAILED,
	    STAGE_CONNECT, false },
};

static void
test_dialogues(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(dialogues); i++)
		dialogue_check(&dialogues[i], true);
}

/* The greeting of a server, and what is waited for, have their own names. */
static void
test_names(void **state)
{
	struct transaction t;
	struct client c;
	struct buf said;

	(void)state;
	dialogue_message(&t);
	buf_init(&said, 4096);
	dialogue_run(&c, &t, true, "220 s|!", &said);
	check_str("LHLO", t.status.text,
	    "connection lost, waiting for the reply to LHLO");
	buf_free(&said);
	transaction_clear(&t);
}

/* A server that takes one recipient at a time has one reply at a time. */
static void
test_few_at_a_time(void **state)
{
	struct transaction t;
	struct client c;
	struct buf said;

	(void)state;
	dialogue_message(&t);
	buf_init(&said, 4096);
	check_int("first",
	    dialogue_run(&c, &t, true,
		"220 s|250-s|250 LIMITS RCPTMAX=1|250 m|250 r|354 d|*250 a|",
		&said),
	    NEXT_OVER);
	assert_true(t.more);
	check_str("first", dialogue_status(&t, 0), "250 2.0.0");
	check_int("second", client_take(&c, &t, &said), NEXT_WAIT);
	check_int("second",
	    dialogue_hear(&c, "250 m|250 r|354 d|*552 5.2.2 full|", &said),
	    NEXT_OVER);
	assert_false(t.more);
	check_str("first", dialogue_status(&t, 0), "250 2.0.0");
	check_str("second", dialogue_status(&t, 1), "552 5.2.2");
	buf_free(&said);
	transaction_clear(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_few_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
