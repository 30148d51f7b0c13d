/* SPDX-License-Identifier: ISC */
/* tests/unit/test_heard.c - what a server says of itself, for people. */
#include "deliver/heard.h"

#include "tests/unit/check.h"

#include <string.h>

static struct heard heard;
static struct transaction transaction = { .heard = &heard };
static struct client client = { .t = &transaction };

static void
at(enum client_state state, bool secured, size_t lines)
{
	client.state = state;
	client.secured = secured;
	client.greeting.lines = lines;
}

static void
hear(const char *line)
{
	heard_line(&client, view_of(line));
}

static void
test_greeting(void **state)
{
	(void)state;
	heard_clear(&heard);
	at(CLIENT_GREETING, false, 0);
	hear("220-one");
	hear("220-");
	hear("220");
	hear("220 two");
	assert_string_equal(heard.greeting, "one two");
	heard_line(&client, view_make("220 a\0b", 7));
	assert_string_equal(heard.greeting, "one two");
}

static void
test_offers(void **state)
{
	(void)state;
	heard_clear(&heard);
	at(CLIENT_EHLO, false, 0);
	hear("250-mx.example hello");
	at(CLIENT_EHLO, false, 1);
	hear("250-SIZE 10");
	hear("250 X-ODD");
	at(CLIENT_STARTTLS, false, 3);
	hear("220 go");
	at(CLIENT_EHLO, true, 0);
	hear("250-mx.example again");
	at(CLIENT_EHLO, true, 1);
	hear("250 DSN");
	assert_string_equal(heard.clear, "SIZE 10\nX-ODD");
	assert_string_equal(heard.secured, "DSN");
	assert_string_equal(heard.greeting, "");
}

/* Without such a transaction nothing is kept, nor looked for. */
static void
test_nobody(void **state)
{
	struct transaction other = { 0 };
	struct client c = { .state = CLIENT_GREETING };

	(void)state;
	heard_line(&c, view_of("220 one"));
	c.t = &other;
	heard_line(&c, view_of("220 one"));
}

/* What does not fit is left out, and what fits then is taken. */
static void
test_room(void **state)
{
	static char line[HEARD_OFFERS + 6];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "250-", 4);
	heard_clear(&heard);
	at(CLIENT_EHLO, false, 1);
	hear(line);
	assert_string_equal(heard.clear, "");
	line[HEARD_OFFERS + 4] = '\0';
	hear(line);
	check_int("all of it", strlen(heard.clear), HEARD_OFFERS);
	hear("250-y");
	check_int("no more", strlen(heard.clear), HEARD_OFFERS);
	heard_clear(&heard);
	line[HEARD_OFFERS + 1] = '\0';
	hear(line);
	hear("250-DSN");
	hear("250-Z");
	check_int("a line end and one", strlen(heard.clear), HEARD_OFFERS - 1);
}

/* What it offers is all that is asked: no mail, no login, not again. */
static void
test_enough(void **state)
{
	static const struct credential credential = { .kind =
							  CREDENTIAL_PASSWORD,
		.cleartext = true,
		.user = "u",
		.secret = "s" };
	const struct credential *logins[] = { NULL, &credential };

	(void)state;
	for (size_t i = 0; i < nitems(logins); i++) {
		struct transaction t = { .heard = &heard };
		struct client c;
		struct buf out;

		buf_init(&out, 4096);
		client_begin(&c, "us", ROUTE_TLS_OPPORTUNISTIC);
		client_login(&c, logins[i], "s", 25);
		assert_int_equal(client_take(&c, &t, &out), NEXT_WAIT);
		client_line(&c, view_of("220 s"), &out);
		client_line(&c, view_of("250-s"), &out);
		assert_int_equal(
		    client_line(&c, view_of("250 AUTH PLAIN"), &out),
		    NEXT_OVER);
		assert_string_equal(buf_string(&out), "EHLO us\r\n");
		assert_int_equal(t.status.verdict, VERDICT_DONE);
		assert_string_equal(t.status.text,
		    i == 0 ? "ready for mail" : "ready for our login");
		assert_false(c.fit);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_greeting),
		cmocka_unit_test(test_offers),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
