/* SPDX-License-Identifier: ISC */
/* tests/unit/test_tlsa.c - TLSA records: which count. */
#include "common/mail/tlsa.h"

#include "tests/unit/check.h"

#include <string.h>

#define HEX8  "0011223344556677"
#define HEX64 HEX8 HEX8 HEX8 HEX8 /* a digest of SHA-256 */

static const struct {
	const char *text;
	bool sound;
	size_t usable;
} sets[] = {
	{ "", true, 0 },
	{ "3 1 1 " HEX64 "\n", true, 1 },
	{ "2 0 2 " HEX64 HEX64 "\n", true, 1 },
	{ "3 0 0 ab\n2 1 0 cd\n", true, 2 },
	/* of others, RFC 7672 3.1.3 */
	{ "0 1 1 " HEX64 "\n1 1 1 " HEX64 "\n255 1 1 " HEX64 "\n", true, 0 },
	{ "3 2 1 " HEX64 "\n3 1 3 " HEX64 "\n3 255 255 ab\n", true, 0 },
	/* of another length than its digest */
	{ "3 1 1 " HEX64 "00\n3 1 2 " HEX64 "\n3 1 1 00\n", true, 0 },
	/* the strongest digest of each usage and selector */
	{ "3 1 1 " HEX64 "\n3 1 2 " HEX64 HEX64 "\n", true, 1 },
	{ "2 1 1 " HEX64 "\n3 0 1 " HEX64 "\n3 1 2 " HEX64 HEX64 "\n", true,
	    3 },
	/* one of it that is unusable outdoes nothing */
	{ "3 1 1 " HEX64 "\n3 1 2 " HEX64 "\n", true, 1 },
	{ "3 1 1 " HEX64, false, 0 }, /* without end */
	{ "3 1 1\n", false, 0 },
	{ "3 1 1 " HEX64 " 00\n", false, 0 },
	{ "3 1 256 " HEX64 "\n", false, 0 },
	{ "3 1 -1 " HEX64 "\n", false, 0 },
	{ "3 1 1 abc\n", false, 0 },
	{ "3 1 1 AB\n", false, 0 },
	{ "3 1 1 zz\n", false, 0 },
	{ "\n", false, 0 },
};

static void
test_read(void **state)
{
	struct tlsa_set s;

	(void)state;
	for (size_t i = 0; i < nitems(sets); i++) {
		check_int(
		    sets[i].text, tlsa_read(sets[i].text, &s), sets[i].sound);
		if (sets[i].sound)
			check_int(sets[i].text, s.n, sets[i].usable);
	}
}

static const struct {
	const char *rdata;
	size_t len;
	const char *line; /* NULL: cut short */
} prints[] = {
	{ "\3\1\1\xab\xcd", 5, "3 1 1 abcd" },
	{ "\377\0\177\0", 4, "255 0 127 00" },
	{ "\3\1\1", 3, NULL },
	{ "\3", 1, NULL },
	{ "", 0, NULL },
};

static void
test_print(void **state)
{
	struct buf out;

	(void)state;
	for (size_t i = 0; i < nitems(prints); i++) {
		struct view v = view_make(prints[i].rdata, prints[i].len);

		buf_init(&out, 100);
		check_int("print", tlsa_print(v, &out), prints[i].line != NULL);
		if (prints[i].line != NULL)
			check_str("line", buf_string(&out), prints[i].line);
		buf_free(&out);
	}
	buf_init(&out, 10);
	assert_false(tlsa_print(view_make("\3\1\1abcdefgh", 11), &out));
	buf_free(&out);
}

/* However the DNS turns them, the text is the same; what is too long for it is
 * left out. */
static void
test_join(void **state)
{
	static char much[TLSA_TEXT_MAX + 8];
	const char *some[] = { "3 1 1 cd", "2 0 1 ab", "3 1 1 cd", "3 1 1 ab" };
	const char *two[] = { much, "3 1 1 ab" };
	char text[TLSA_TEXT_MAX + 1];

	(void)state;
	tlsa_join(some, nitems(some), text);
	assert_string_equal(text, "2 0 1 ab\n3 1 1 ab\n3 1 1 cd\n");
	tlsa_join(some, 0, text);
	assert_string_equal(text, "");
	memset(much, 'a', sizeof(much) - 1);
	tlsa_join(two, nitems(two), text);
	assert_string_equal(text, "3 1 1 ab\n");
	much[TLSA_TEXT_MAX - 1] = '\0'; /* and its end */
	tlsa_join((const char *[]){ much }, 1, text);
	assert_int_equal(strlen(text), TLSA_TEXT_MAX);
}

static void
test_bytes(void **state)
{
	uint8_t out[3];
	size_t len;

	(void)state;
	assert_true(tlsa_bytes(view_of("00ff7a"), out, sizeof(out), &len));
	assert_int_equal(len, 3);
	assert_memory_equal(out, "\x00\xff\x7a", 3);
	assert_false(tlsa_bytes(view_of("00ff7a00"), out, sizeof(out), &len));
	assert_false(tlsa_bytes(view_of("0"), out, sizeof(out), &len));
	assert_false(tlsa_bytes(view_of("0g"), out, sizeof(out), &len));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
