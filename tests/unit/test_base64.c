/* SPDX-License-Identifier: ISC */
/* tests/unit/test_base64.c - one text for one value, and nothing else. */
#include "common/base/base64.h"

#include <string.h>

#include "tests/unit/check.h"

static const struct {
	const char *text, *value; /* value NULL: refused */
} cases[] = {
	/* RFC 4648, 10 */
	{ "", "" },
	{ "Zg==", "f" },
	{ "Zm8=", "fo" },
	{ "Zm9v", "foo" },
	{ "Zm9vYg==", "foob" },
	{ "Zm9vYmE=", "fooba" },
	{ "Zm9vYmFy", "foobar" },
	{ "+/+/", "\xfb\xff\xbf" },
	/* padding: none, too much, early, alone */
	{ "Zg", NULL },
	{ "Zg=", NULL },
	{ "Zm9v=", NULL },
	{ "Z===", NULL },
	{ "====", NULL },
	{ "Zg==Zg==", NULL },
	{ "=", NULL },
	{ "Zm=v", NULL },
	/* bits behind the end */
	{ "Zh==", NULL },
	{ "Zm9=", NULL },
	/* other alphabets, blanks, line ends, 8 bits */
	{ "-_-_", NULL },
	{ "Zm9 ", NULL },
	{ " Zm9v", NULL },
	{ "Zm\n9", NULL },
	{ "Zm9v\r\n", NULL },
	{ "Zm\xc3\xa9", NULL },
	{ "*", NULL },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		char out[16] = "";
		size_t len = 0;
		bool fine = base64_decode(
		    view_of(cases[i].text), out, sizeof(out) - 1, &len);

		check_int(cases[i].text, fine, cases[i].value != NULL);
		if (!fine)
			continue;
		out[len] = '\0';
		check_str(cases[i].text, out, cases[i].value);
	}
}

/* What does not fit is refused, and not a byte is written behind the end. */
static void
test_room(void **state)
{
	(void)state;
	for (size_t size = 0; size <= 6; size++) {
		char out[8] = "xxxxxxx";
		size_t len;

		check_int("room",
		    base64_decode(view_of("Zm9vYmE="), out, size, &len),
		    size >= 5);
		check_int("behind", out[size], 'x');
	}
}

static void
test_nul(void **state)
{
	char out[3];
	size_t len;

	(void)state;
	check_int("nul in the text",
	    base64_decode(view_make("Zm\0v", 4), out, 3, &len), false);
	check_int("nul in the value",
	    base64_decode(view_of("AAAA"), out, 3, &len), true);
	check_int("bytes", len, 3);
}

static void
test_encode(void **state)
{
	static const char bytes[] = "\0\xff\x7e\x80zZ\n";
	struct buf out;
	char again[16];
	size_t len;

	(void)state;
	buf_init(&out, 64);
	for (size_t n = 0; n < sizeof(bytes); n++) {
		buf_clear(&out);
		base64_encode(view_make(bytes, n), &out);
		check_int("length", buf_view(&out).len, (n + 2) / 3 * 4);
		check_int("reads back",
		    base64_decode(buf_view(&out), again, sizeof(again), &len),
		    true);
		check_int("bytes", len, n);
		check_int("same", memcmp(again, bytes, n), 0);
	}
	buf_clear(&out);
	base64_encode(view_of("fooba"), &out);
	check_str("RFC 4648 10", buf_string(&out), "Zm9vYmE=");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_encode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
