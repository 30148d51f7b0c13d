/* SPDX-License-Identifier: ISC */
/* tests/unit/test_hello.c - which certificates a ClientHello can check. */
#include "tls/hello.h"

#include "common/base/buf.h"

#include "tests/unit/check.h"

enum { BYTES = 65536 };

struct hello {
	const char *label;
	unsigned int suites[4], schemes[4];
	unsigned int ecdsa;
};

static const struct hello hellos[] = {
	{ "TLS 1.3, all", { 0x1301 }, { 0x0403, 0x0503, 0x0603, 0x0804 },
	    HELLO_P256 | HELLO_P384 | HELLO_P521 },
	{ "TLS 1.3, P-256 only", { 0x1302 }, { 0x0804, 0x0403 }, HELLO_P256 },
	{ "TLS 1.3, RSA only", { 0x1301 }, { 0x0804, 0x0401 }, 0 },
	{ "TLS 1.2, both", { 0xc02f, 0xc02b }, { 0x0503 }, HELLO_P384 },
	{ "TLS 1.2, ChaCha20", { 0xcca9 }, { 0x0403 }, HELLO_P256 },
	{ "TLS 1.2, no suite for it", { 0xc02f, 0xc030 }, { 0x0403 }, 0 },
	{ "TLS 1.2, one that we do not speak", { 0xc009 }, { 0x0403 }, 0 },
	{ "no signatures at all", { 0x1301, 0xc02b }, { 0 }, 0 },
};

static void
number(struct buf *b, size_t value, unsigned int bytes)
{
	while (bytes-- > 0) {
		char byte = (char)(value >> 8 * bytes & 0xff);

		buf_add(b, view_make(&byte, 1));
	}
}

static void
list(struct buf *b, const unsigned int *of)
{
	size_t n = 0;

	while (n < 4 && of[n] != 0)
		n++;
	number(b, 2 * n, 2);
	for (size_t i = 0; i < n; i++)
		number(b, of[i], 2);
}

/* The handshake message, without records. */
static void
message(struct buf *b, const struct hello *h)
{
	struct buf body, ext;

	buf_init(&body, BYTES);
	buf_init(&ext, BYTES);
	number(&body, 0x0303, 2);
	for (int i = 0; i < 32; i++)
		number(&body, 0xaa, 1);
	number(&body, 2, 1);
	number(&body, 0x1234, 2);
	list(&body, h->suites);
	number(&body, 0x0100, 2);
	number(&ext, 0x00170000, 4); /* an empty one before */
	if (h->schemes[0] != 0) {
		struct buf inside;

		buf_init(&inside, BYTES);
		list(&inside, h->schemes);
		number(&ext, 13, 2);
		number(&ext, inside.len, 2);
		buf_add(&ext, buf_view(&inside));
		buf_free(&inside);
	}
	number(&ext, 0x002b0001, 4);
	number(&ext, 0x55, 1);
	number(&body, ext.len, 2);
	buf_add(&body, buf_view(&ext));
	number(b, 1, 1);
	number(b, body.len, 3);
	buf_add(b, buf_view(&body));
	buf_free(&ext);
	buf_free(&body);
}

/* In records of at most so many bytes. */
static void
records(struct buf *b, struct view m, size_t size)
{
	while (m.len > 0) {
		size_t n = m.len < size ? m.len : size;

		number(b, 0x160301, 3);
		number(b, n, 2);
		buf_add(b, view_make(m.data, n));
		m = view_skip(m, n);
	}
}

static void
test_signatures(void **state)
{
	static const size_t sizes[] = { 16384, 100, 7, 1 };

	(void)state;
	for (size_t i = 0; i < nitems(hellos); i++)
		for (size_t k = 0; k < nitems(sizes); k++) {
			struct buf m, b;
			unsigned int ecdsa = 77;

			buf_init(&m, BYTES);
			buf_init(&b, BYTES);
			message(&m, &hellos[i]);
			records(&b, buf_view(&m), sizes[k]);
			check_int(hellos[i].label,
			    hello_read(buf_view(&b), &ecdsa), HELLO_WHOLE);
			check_int(hellos[i].label, ecdsa, hellos[i].ecdsa);
			/* not a byte less */
			check_int(hellos[i].label,
			    hello_read(view_make(b.data, b.len - 1), &ecdsa),
			    HELLO_PART);
			check_int(hellos[i].label, ecdsa, 0);
			buf_free(&m);
			buf_free(&b);
		}
}

static const struct {
	const char *label, *bytes;
	size_t len;
	enum hello_read is;
} others[] = {
	{ "nothing", "", 0, HELLO_PART },
	{ "a first byte", "\x16", 1, HELLO_PART },
	{ "SMTP", "EHLO", 4, HELLO_ALIEN },
	{ "an alert", "\x15\x03\x01\0\x02\x02\x28", 7, HELLO_ALIEN },
	{ "another version", "\x16\x02", 2, HELLO_ALIEN },
	{ "an empty record", "\x16\x03\x01\0\0", 5, HELLO_ALIEN },
	{ "a huge record", "\x16\x03\x01\x40\x01", 5, HELLO_ALIEN },
	{ "a ServerHello", "\x16\x03\x01\0\x01\x02", 6, HELLO_ALIEN },
	{ "a huge hello", "\x16\x03\x01\0\x04\x01\x01\0\0", 9, HELLO_ALIEN },
	{ "too short for its session", "\x16\x03\x01\0\x05\x01\0\0\x01\x03", 10,
	    HELLO_ALIEN },
};

static void
test_others(void **state)
{
	unsigned int ecdsa = 0;

	(void)state;
	for (size_t i = 0; i < nitems(others); i++)
		check_int(others[i].label,
		    hello_read(
			view_make(others[i].bytes, others[i].len), &ecdsa),
		    others[i].is);
}

/* No client makes us gather for ever. */
static void
test_bound(void **state)
{
	static const unsigned int begin[] = { 1, 0, 0x3f, 0xff };
	unsigned int ecdsa = 0;
	size_t at = 0;
	struct buf b;

	(void)state;
	buf_init(&b, BYTES);
	while (b.len < HELLO_MAX + 10) {
		number(&b, 0x160301, 3);
		number(&b, 1, 2);
		number(&b, at < nitems(begin) ? begin[at] : 0, 1);
		at++;
	}
	check_int("bound", hello_read(view_make(b.data, HELLO_MAX - 1), &ecdsa),
	    HELLO_PART);
	check_int("bound", hello_read(view_make(b.data, HELLO_MAX), &ecdsa),
	    HELLO_ALIEN);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
