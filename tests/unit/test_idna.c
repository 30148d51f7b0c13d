/* SPDX-License-Identifier: ISC */
/* tests/unit/test_idna.c - tests of common/mail/idna.c */
#include "tests/unit/check.h"

#include "common/mail/idna.h"

#include <string.h>

static const struct {
	const char *name;
	const char *ascii; /* NULL: refused */
} names[] = {
	{ "example.org", "example.org" },
	{ "Example.ORG.", "example.org" },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
	{ "XN--BCHER-KVA.example", "xn--bcher-kva.example" },
	{ "my_host.example", "my_host.example" },
	{ "b\xc3\xbc"
	  "cher.example",
	    "xn--bcher-kva.example" },
	{ "B\xc3\x9c"
	  "CHER.Example.",
	    "xn--bcher-kva.example" },
	/* u and a combining diaeresis are the same letter (NFC) */
	{ "bu\xcc\x88"
	  "cher.example",
	    "xn--bcher-kva.example" },
	/* not the "ss" of IDNA2003 */
	{ "fa\xc3\x9f.example", "xn--fa-hia.example" },
	{ "\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
	    "xn--r8jz45g.xn--zckzah" },
	/* an ideographic full stop is a dot to who types it */
	{ "\xe4\xbe\x8b\xe3\x81\x88\xe3\x80\x82jp", "xn--r8jz45g.jp" },
	{ "", NULL },
	{ "b\xc3.example", NULL },        /* not UTF-8 */
	{ "\xc0\xae.example", NULL },     /* an overlong dot */
	{ "\xed\xa0\x80.example", NULL }, /* a surrogate */
	{ "\xc3\xbc..example", NULL },    /* an empty label */
	{ "-\xc3\xbc.example", NULL },    /* a hyphen in front */
	{ "\xc3\xbc b.example", NULL },   /* a blank */
	{ "\xe2\x84\x80.example", NULL }, /* a sign made of a/c */
	{ "\xcc\x88.example", NULL },     /* a combining mark alone */
	{ "\xe2\x99\xa5\xef\xb8\x8f@", NULL },
	{ "a\xe2\x80\xae"
	  "b.example",
	    NULL }, /* right to left override */
	{ "b c.example", NULL },
	{ "192.0.2.1", NULL },
	/* digits of full width are an address without brackets all the same */
	{ "\xef\xbc\x91.\xef\xbc\x92", NULL },
};

static void
test_names(void **state)
{
	char out[DOMAIN_MAX + 1], again[DOMAIN_MAX + 1];

	(void)state;
	for (size_t i = 0; i < nitems(names); i++) {
		const char *t = names[i].name;

		check_int(
		    t, idna_to_ascii(view_of(t), out), names[i].ascii != NULL);
		if (names[i].ascii == NULL)
			continue;
		check_str(t, out, names[i].ascii);
		check_int(t, idna_to_ascii(view_of(out), again), true);
		check_str(t, again, out);
	}
	check_int(
	    "NUL", idna_to_ascii(view_make("\xc3\xbc\0b", 4), out), false);
}

/* Neither what is read nor what comes of it may be longer than a name. */
static void
test_lengths(void **state)
{
	char name[8 * DOMAIN_MAX], out[DOMAIN_MAX + 1];

	(void)state;
	for (size_t len = 2; len < sizeof(name) - 1; len += 2) {
		for (size_t i = 0; i < len; i += 2)
			memcpy(name + i, i % 40 == 38 ? "a." : "\xc3\xbc", 2);
		if (idna_to_ascii(view_make(name, len), out))
			assert_true(strlen(out) <= DOMAIN_MAX && len < 500);
		else
			assert_true(len % 40 == 0 || len > 200);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
