/* SPDX-License-Identifier: ISC */
/* tests/unit/test_passwords.c - the file of logins, and its hashes. */
#include "common/mail/passwords.h"

#include "common/sys/hash.h"

#include "tests/unit/check.h"

#include <stdio.h>

/* Each is of "secret". */
static const char yescrypt[] =
    "$y$j9T$abcdefgh$IUWJt2doU4Kf6E/JP1UkAT3S5O3Q7SSA8SJirXIlEu9";
static const char bcrypt[] =
    "$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";
static const char sha512[] =
    "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDe"
    "hy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1";
static const char rounds[] =
    "$6$rounds=6000$saltsalt$TcDhk3vUDSxdkj1LteXIA0htMq0pABOdsvxF"
    "LaAf.9RFOU5G4Ss5YPBOHb6uwE8gqarkBzBeX3AE9KlDjd3pv0";

static const char *const good[] = { yescrypt, bcrypt, sha512, rounds };

static const struct {
	const char *hash, *why; /* a part of it */
} bad[] = {
	{ "", "kind" },
	{ "secret", "kind" },
	{ "*", "kind" },
	{ "abJnggxhB/yWI", "kind" },                      /* DES */
	{ "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/", "kind" }, /* MD5 */
	{ "$5$saltsalt$vcRn2oY5tM", "kind" },             /* SHA-256 */
	{ "$y$", "yescrypt" },
	{ "$y$j9T$abcdefgh$", "yescrypt" },
	{ "$y$j9T$abc:efgh$", "yescrypt" },
	{ "$2b$05$short", "bcrypt" },
	{ "$2b$17$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz01234",
	    "minutes" },
	{ "$2b$5$x", "bcrypt" },
	{ "$6$", "SHA-512" },
	{ "$6$saltsalt$tooshort", "SHA-512" },
	{ "$6$rounds=99999999$saltsalt$x", "minutes" },
	{ "$6$rounds=x$saltsalt$x", "SHA-512" },
};

static void
test_hashes(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(good); i++) {
		const char *why = passwords_hash_wrong(view_of(good[i]));

		check_str(good[i], why == NULL ? "" : why, "");
		check_int(good[i], hash_matches(good[i], "secret"), true);
		check_int(good[i], hash_matches(good[i], "Secret"), false);
		check_int(good[i], hash_matches(good[i], ""), false);
	}
	for (size_t i = 0; i < nitems(bad); i++) {
		const char *why = passwords_hash_wrong(view_of(bad[i].hash));

		check_int(bad[i].hash,
		    why != NULL && strstr(why, bad[i].why) != NULL, true);
	}
}

static void
test_made(void **state)
{
	char one[HASH_TEXT], two[HASH_TEXT];

	(void)state;
	check_int("made", hash_make("pw", one) && hash_make("pw", two), true);
	check_int("sound", passwords_hash_wrong(view_of(one)) == NULL, true);
	check_int("salted", strcmp(one, two) != 0, true);
	check_int("right", hash_matches(one, "pw"), true);
}

static bool
read_text(struct passwords *p, char *text, unsigned int *line, char *error)
{
	return passwords_read(p, text, strlen(text), line, error);
}

static void
test_file(void **state)
{
	char text[2048], error[PASSWORDS_ERROR];
	struct passwords p;
	unsigned int line;

	(void)state;
	snprintf(text, sizeof(text),
	    "# people\n\nzoe:%s\r\nann@example.org:%s\nbob smith:%s\n"
	    "\xc3\xbc:%s",
	    bcrypt, sha512, sha512, yescrypt);
	check_int("read", read_text(&p, text, &line, error), true);
	check_int("logins", p.n, 4);
	check_str("zoe", passwords_find(&p, view_of("zoe")), bcrypt);
	check_str(
	    "ann", passwords_find(&p, view_of("ann@example.org")), sha512);
	check_str("blank", passwords_find(&p, view_of("bob smith")), sha512);
	check_str("last", passwords_find(&p, view_of("\xc3\xbc")), yescrypt);
	check_int("no one", passwords_find(&p, view_of("an")) == NULL, true);
	check_int("case", passwords_find(&p, view_of("Zoe")) == NULL, true);
	/* most are of SHA-512: so much work is done for nobody, too */
	check_str("model", p.model, sha512);
	passwords_clear(&p);

	text[0] = '\0';
	check_int("empty", read_text(&p, text, &line, error), true);
	check_int("model", p.model == NULL, true);
	check_int("find", passwords_find(&p, view_of("a")) == NULL, true);
}

static void
test_broken(void **state)
{
	static const struct {
		const char *before, *after; /* the hash */
		unsigned int line;
		const char *why;
	} rows[] = {
		{ "a:", "\nb", 2, "name:hash" },
		{ "\na:", "\n\n# c\n:x\n", 5, "name" },
		{ "a:", "\nb:x\n", 2, "kind" },
		{ "b:$6$saltsalt$x\na:", "", 1, "SHA-512" },
		{ " a:", "\n", 1, "name" },
		{ "a\tb:", "\n", 1, "name" },
		{ "\xff:", "\n", 1, "name" },
		{ "a:", " \n", 1, "bcrypt" },
		{ "a:", ":x\n", 1, "bcrypt" },
	};
	char text[2048], error[PASSWORDS_ERROR];
	struct passwords p;
	unsigned int line;

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		snprintf(text, sizeof(text), "%s%s%s", rows[i].before, bcrypt,
		    rows[i].after);
		check_int(
		    rows[i].why, read_text(&p, text, &line, error), false);
		check_int(rows[i].why, line, rows[i].line);
		check_int(
		    rows[i].why, strstr(error, rows[i].why) != NULL, true);
	}
	snprintf(
	    text, sizeof(text), "a:%s\nb:%s\n\na:%s\n", bcrypt, bcrypt, bcrypt);
	check_int("twice", read_text(&p, text, &line, error), false);
	check_int("where", line, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
