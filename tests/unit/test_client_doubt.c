/* SPDX-License-Identifier: ISC */
/* tests/unit/test_client_doubt.c - what deliver/client.c says of a message that
 * nobody knows to be taken or not.
 *
 * Dialogues as in test_client.c, behind the 354.
 */
#include "deliver/client.h"

#include "tests/unit/check.h"

static void
hear(struct client *c, const char *dialogue, struct buf *said)
{
	struct view in = view_of(dialogue);

	while (in.len > 0) {
		size_t n = view_find(in, '|');

		if (in.data[0] == '!') {
			client_lost(c, "connection lost");
			return;
		}
		if (in.data[0] == '*') {
			client_dot(c);
			in = view_skip(in, 1);
			continue;
		}
		(void)client_line(c, view_make(in.data, n), said);
		in = view_skip(in, n + 1);
	}
}

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

		transaction_init(&t, "a@x", 1);
		transaction_add(
		    &t, &(struct msg_job_rcpt){ .n = 1, .address = "1@y" });
		buf_init(&said, 4096);
		client_begin(&c, "us", ROUTE_TLS_NONE);
		(void)client_take(&c, &t, &said);
		hear(&c, "220 s|250 s|250 m|250 r|354 d|", &said);
		hear(&c, rows[i].heard, &said);
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
