/* SPDX-License-Identifier: ISC */
/* tests/unit/test_table.c - files of recipients and of senders. */
#include "common/mail/table.h"

#include <stdio.h>

#include "tests/unit/check.h"

static struct mailbox
box(const char *text)
{
	struct mailbox m;

	assert_true(mailbox_parse(view_of(text), &m, true));
	return m;
}

/* "" when it is taken. */
static const struct {
	const char *text, *wrong;
	unsigned int line;
} recipients[] = {
	{ "", "", 0 },
	{ "a@x.example\nb\r\n# c\n\n  \"d e\"  \n", "", 0 },
	{ "a\n\nb c\n", "\"b c\" is no address", 3 },
	{ "a@y.example", "\"y.example\" is not of the domain x.example", 1 },
	{ "a\nA@x.example", "\"A\" stands in line 1 already", 2 },
	{ "a\001", "a control character, or no UTF-8", 1 },
	{ "@x.example", "\"@x.example\" is no address", 1 },
};

static void
test_recipients(void **state)
{
	struct table_error e;
	struct table *t;
	struct mailbox m;

	(void)state;
	for (size_t i = 0; i < nitems(recipients); i++) {
		t = recipients_parse(
		    view_of(recipients[i].text), "x.example", &e);
		check_int(recipients[i].text, t != NULL,
		    recipients[i].wrong[0] == '\0');
		if (t == NULL) {
			check_str(
			    recipients[i].text, e.text, recipients[i].wrong);
			check_int(
			    recipients[i].text, e.line, recipients[i].line);
		}
		table_free(t);
	}
	t = recipients_parse(
	    view_of("a@x.example\n\"d e\"\n"), "x.example", &e);
	m = box("A@X.example");
	assert_true(recipients_has(t, &m));
	m = box("\"D e\"@x.example");
	assert_true(recipients_has(t, &m));
	m = box("b@x.example");
	assert_false(recipients_has(t, &m));
	table_free(t);
}

static const struct {
	const char *text, *wrong;
	unsigned int line;
} senders[] = {
	{ "", "", 0 },
	{ "a@x.example alice\n@y.example bob, carol\tdave\n", "", 0 },
	{ "a alice", "\"a\" is neither an address nor @DOMAIN", 1 },
	{ "@ alice", "\"@\" is neither an address nor @DOMAIN", 1 },
	{ "#\na@x.example", "no login owns \"a@x.example\"", 2 },
	{ "a@x.example b,c", "logins are separated by blanks", 1 },
	{ "a@x.example ,", "logins are separated by blanks", 1 },
	{ "a@x.example b\na@X.EXAMPLE c",
	    "\"a@x.example\" stands in line 1 already", 2 },
};

static const struct {
	const char *address, *login;
	bool allowed;
} allowed[] = {
	{ "a@x.example", "alice", true },
	{ "A@X.example", "alice", true },
	{ "a@x.example", "Alice", false },
	{ "a@x.example", "bob", false }, /* the address itself decides */
	{ "b@x.example", "bob", true },
	{ "b@x.example", "alice", false },
	{ "a@z.example", "alice", false },
	{ "\"a b\"@z.example", "alice", true },
	{ "u@xn--bcher-kva.example", "alice", true },
};

static void
test_senders(void **state)
{
	struct table_error e;
	struct table *t;
	struct mailbox m;

	(void)state;
	for (size_t i = 0; i < nitems(senders); i++) {
		t = senders_parse(view_of(senders[i].text), &e);
		check_int(
		    senders[i].text, t != NULL, senders[i].wrong[0] == '\0');
		if (t == NULL) {
			check_str(senders[i].text, e.text, senders[i].wrong);
			check_int(senders[i].text, e.line, senders[i].line);
		}
		table_free(t);
	}
	t = senders_parse(view_of("a@x.example alice\n@x.example carol, bob\n"
				  "\"a b\"@z.example alice\n"
				  "@b\303\274cher.example alice\n"),
	    &e);
	assert_non_null(t);
	for (size_t i = 0; i < nitems(allowed); i++) {
		m = box(allowed[i].address);
		check_int(allowed[i].address,
		    senders_allow(t, &m, view_of(allowed[i].login)),
		    allowed[i].allowed);
	}
	table_free(t);
}

static void
test_many(void **state)
{
	struct table *t = table_new();
	unsigned int first;
	char key[32];

	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		snprintf(key, sizeof(key), "Key%u", i);
		assert_non_null(table_add(t, view_of(key), i, &first));
	}
	assert_null(table_add(t, view_of("kEY77"), 1, &first));
	assert_int_equal(first, 77);
	assert_int_equal(table_find(t, view_of("KEY99999"))->line, 99999);
	assert_null(table_find(t, view_of("key100000")));
	assert_int_equal(table_count(t), 100000);
	table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
