/* SPDX-License-Identifier: ISC */
/* tests/unit/test_human.c - ages, sizes, and text that cannot hurt. */
#include "tools/human.h"

#include "tests/unit/check.h"

#include <locale.h>

static const struct {
	int64_t seconds;
	const char *text;
} ages[] = {
	{ -5, "0s" },
	{ 0, "0s" },
	{ 59, "59s" },
	{ 60, "1m" },
	{ 3599, "59m" },
	{ 3600, "1h" },
	{ 86399, "23h" },
	{ 86400, "1d" },
	{ 999 * 86400LL, "999d" },
	{ 1000 * 86400LL, "2y" },
	{ INT64_MAX / 1000, "292471208y" },
};

static void
test_age(void **state)
{
	char out[HUMAN_TEXT];

	(void)state;
	for (size_t i = 0; i < nitems(ages); i++)
		check_str(ages[i].text, human_age(ages[i].seconds * 1000, out),
		    ages[i].text);
}

static const struct {
	uint64_t bytes;
	const char *size, *sentence;
} sizes[] = {
	{ 0, "0", "0 bytes" },
	{ 1, "1", "1 byte" },
	{ 999, "999", "999 bytes" },
	{ 1000, "0.9K", "1000 bytes" },
	{ 1024, "1.0K", "1 KiB" },
	{ 10239, "9.9K", "9 KiB" },
	{ 10240, "10K", "10 KiB" },
	{ 1024 * 1000 - 1, "999K", "999 KiB" },
	{ 1024 * 1024, "1.0M", "1 MiB" },
	{ 52428800, "50M", "50 MiB" },
	{ UINT64_MAX, "15E", "16777215 TiB" },
};

static void
test_size(void **state)
{
	char out[HUMAN_TEXT];

	(void)state;
	for (size_t i = 0; i < nitems(sizes); i++) {
		check_str(sizes[i].size, human_size(sizes[i].bytes, out),
		    sizes[i].size);
		check_str(sizes[i].sentence, human_bytes(sizes[i].bytes, out),
		    sizes[i].sentence);
	}
}

static void
test_iso(void **state)
{
	char out[HUMAN_TEXT];

	(void)state;
	check_str("epoch", human_iso(0, out), "1970-01-01T00:00:00Z");
	check_str(
	    "leap", human_iso(1709208000123, out), "2024-02-29T12:00:00Z");
	check_str(
	    "nonsense", human_iso(INT64_MAX, out), "292278994-08-17T07:12:55Z");
}

static const struct {
	const char *in;
	size_t columns;
	bool utf8;
	const char *out;
	size_t used;
} texts[] = {
	{ "plain", 0, false, "plain", 5 },
	{ "", 5, true, "", 0 },
	{ "exact", 5, true, "exact", 5 },
	{ "too long", 5, false, "too..", 5 },
	{ "too long", 5, true, "too \xe2\x80\xa6", 5 },
	{ "a\033[31mb", 0, true, "a\\x1b[31mb", 10 },
	{ "a\nb\tc\x7f", 0, true, "a\\x0ab\\x09c\\x7f", 15 },
	{ "\xc3\xbc", 0, true, "\xc3\xbc", 1 },
	{ "\xc3\xbc", 0, false, "\\u{fc}", 6 },
	{ "\xc3", 0, true, "\\xc3", 4 },
	{ "\xc2\x9b", 0, true, "\\u{9b}", 6 },       /* CSI in one byte */
	{ "\xe2\x80\xae", 0, true, "\\u{202e}", 8 }, /* right to left */
	{ "\xe2\x80\x8b", 0, true, "\\u{200b}", 8 }, /* no width */
	{ "e\xcc\x81", 0, true, "e\xcc\x81", 1 },    /* an accent */
	{ "\xe6\xbc\xa2\xe5\xad\x97", 3, true, "\xe6\xbc\xa2\xe2\x80\xa6", 3 },
	{ "\xff\xff", 4, true, "\xe2\x80\xa6", 1 },
};

static void
test_text(void **state)
{
	struct buf b;

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	buf_init(&b, 1000);
	for (size_t i = 0; i < nitems(texts); i++) {
		buf_clear(&b);
		check_int(texts[i].out,
		    human_text(&b, view_of(texts[i].in), texts[i].columns,
			texts[i].utf8),
		    texts[i].used);
		check_str(texts[i].out, buf_string(&b), texts[i].out);
	}
	buf_free(&b);
}

static const struct {
	const char *in, *out;
} jsons[] = {
	{ "", "\"\"" },
	{ "plain", "\"plain\"" },
	{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
	{ "a\nb\033", "\"a\\u000ab\\u001b\"" },
	{ "\x7f\xc2\x85", "\"\\u007f\\u0085\"" },
	{ "\xc3\xbc", "\"\xc3\xbc\"" },
	{ "\xc3(", "\"\\ufffd(\"" },
	{ "\xe2\x80\xae", "\"\\u202e\"" },
	{ "\xd8\x9c", "\"\\u061c\"" },
	{ "\xf3\xa0\x80\x81", "\"\\udb40\\udc01\"" },
	{ "\xf0\x9f\x93\xa7", "\"\xf0\x9f\x93\xa7\"" },
	{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "\xf0\x9f\x93\xac", "\"\xf0\x9f\x93\xac\"" },
};

static void
test_json(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < nitems(jsons); i++) {
		buf_clear(&b);
		human_json(&b, view_of(jsons[i].in));
		check_str(jsons[i].out, buf_string(&b), jsons[i].out);
	}
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_iso),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
