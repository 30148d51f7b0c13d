/* SPDX-License-Identifier: ISC */
/* tests/unit/test_client_doubt.c - what deliver/client.c says of a message that
 * nobody knows to be taken or not.
 */
#include "tests/unit/dialogue.h"

/* What nobody has answered may have been taken, and is told so. */
static void
test_doubt(void **state)
{
	static const struct {
		const char *heard; /* behind 354 */
		const char *text;
	} rows[] = {
		{ "!", "connection lost, waiting for the end of the body" },
		{ "*!", "possible duplicate: connection lost, waiting for the "
			"reply to the final dot" },
		{ "*250-ok|!",
		    "possible duplicate: connection lost, waiting for the "
		    "reply to the final dot" },
		{ "*taken|",
		    "possible duplicate: not an SMTP reply, waiting for the "
		    "reply to the final dot: taken" },
		{ "*221 bye|",
		    "possible duplicate: 221 is no answer to the final dot: "
		    "bye" },
		{ "*354 more|", "possible duplicate: unexpected reply 354 "
				"more" },
		{ "*451 4.7.1 grey|", "grey" },
		{ "*421 bye|", "bye" },
		{ "*250 ok|", "ok" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		struct transaction t;
		struct client c;
		struct buf said;

		dialogue_message(&t);
		buf_init(&said, 4096);
		dialogue_run(&c, &t, false,
		    "220 s|250 s|250 m|250 r|250 r|354 d|", &said);
		dialogue_hear(&c, rows[i].heard, &said);
		check_str(rows[i].heard, t.status.text, rows[i].text);
		buf_free(&said);
		transaction_clear(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
