/* SPDX-License-Identifier: ISC */
/* tls/hello.c - what a ClientHello says about the certificates it can check.
 *
 * RFC 8446 4.1.2 and 5.1, RFC 5246 7.4.1.2.  The handshake message may lie in
 * several records; it is read through a cursor that steps over their headers.
 */
#include "tls/hello.h"

#include "common/base/alloc.h"

enum {
	RECORD_HANDSHAKE = 22,
	RECORD_HEADER = 5,
	RECORD_MAX = 16384,
	CLIENT_HELLO = 1,
	EXTENSION_SIGNATURES = 13,
	VERSION_AND_RANDOM = 2 + 32,
	TLS13_SUITES = 0x13 /* first byte */
};

/* Where we read: len bytes of this record are left. */
struct cursor {
	struct view rest;
	size_t len;
	enum hello_read trouble; /* HELLO_WHOLE: none */
};

/* clang-format off */
static const struct {
	unsigned int scheme;
	enum hello_ecdsa is;
} schemes[] = {
	{ 0x0403, HELLO_P256 },
	{ 0x0503, HELLO_P384 },
	{ 0x0603, HELLO_P521 },
};

/* Suites of TLS 1.2 that need an ECDSA certificate, of those we speak. */
static const unsigned int suites[] = {
	0xc02b, 0xc02c, /* ECDHE-ECDSA with AES-GCM, RFC 5289 */
	0xcca9,         /* with ChaCha20-Poly1305, RFC 7905 */
};
/* clang-format on */

static unsigned int
byte_at(struct view v, size_t i)
{
	return (unsigned char)v.data[i];
}

static bool
stop(struct cursor *c, enum hello_read why)
{
	if (c->trouble == HELLO_WHOLE)
		c->trouble = why;
	return false;
}

/* Into the next record that has something in it. */
static bool
enter_record(struct cursor *c)
{
	while (c->len == 0) {
		if (c->rest.len > 0 && byte_at(c->rest, 0) != RECORD_HANDSHAKE)
			return stop(c, HELLO_ALIEN);
		if (c->rest.len > 1 && byte_at(c->rest, 1) != 3)
			return stop(c, HELLO_ALIEN);
		if (c->rest.len < RECORD_HEADER)
			return stop(c, HELLO_PART);
		c->len = byte_at(c->rest, 3) << 8 | byte_at(c->rest, 4);
		if (c->len == 0 || c->len > RECORD_MAX)
			return stop(c, HELLO_ALIEN);
		c->rest = view_skip(c->rest, RECORD_HEADER);
	}
	return true;
}

/* A number of n bytes; 0 and trouble when they are not there. */
static size_t
number(struct cursor *c, unsigned int n)
{
	size_t value = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (!enter_record(c))
			return 0;
		if (c->rest.len == 0) {
			stop(c, HELLO_PART);
			return 0;
		}
		value = value << 8 | byte_at(c->rest, 0);
		c->rest = view_skip(c->rest, 1);
		c->len--;
	}
	return value;
}

static void
skip(struct cursor *c, size_t n)
{
	while (n > 0 && c->trouble == HELLO_WHOLE) {
		size_t step;

		if (!enter_record(c))
			return;
		step = n < c->len ? n : c->len;
		if (step > c->rest.len) {
			stop(c, HELLO_PART);
			return;
		}
		c->rest = view_skip(c->rest, step);
		c->len -= step;
		n -= step;
	}
}

/* Takes n off what is left of the thing around it. */
static bool
take(struct cursor *c, size_t *left, size_t n)
{
	if (c->trouble != HELLO_WHOLE)
		return false;
	if (n > *left)
		return stop(c, HELLO_ALIEN);
	*left -= n;
	return true;
}

static bool
is_suite(size_t suite)
{
	if (suite >> 8 == TLS13_SUITES)
		return true;
	for (size_t i = 0; i < nitems(suites); i++)
		if (suites[i] == suite)
			return true;
	return false;
}

/* A list of numbers of two bytes, with its length before it. */
static void
each_number(struct cursor *c, size_t *left, void (*see)(size_t, unsigned int *),
    unsigned int *out)
{
	size_t len;

	if (!take(c, left, 2))
		return;
	len = number(c, 2);
	if (!take(c, left, len))
		return;
	for (; len >= 2 && c->trouble == HELLO_WHOLE; len -= 2)
		see(number(c, 2), out);
	skip(c, len);
}

static void
see_suite(size_t suite, unsigned int *found)
{
	*found |= is_suite(suite);
}

static void
see_scheme(size_t scheme, unsigned int *found)
{
	for (size_t i = 0; i < nitems(schemes); i++)
		if (schemes[i].scheme == scheme)
			*found |= schemes[i].is;
}

/* Something with a length of one byte before it, of no interest. */
static void
skip_short(struct cursor *c, size_t *left)
{
	size_t len;

	if (!take(c, left, 1))
		return;
	len = number(c, 1);
	if (take(c, left, len))
		skip(c, len);
}

static void
extensions(struct cursor *c, size_t left, unsigned int *found)
{
	while (left > 0 && take(c, &left, 4)) {
		size_t type = number(c, 2);
		size_t len = number(c, 2);

		if (!take(c, &left, len))
			return;
		if (type == EXTENSION_SIGNATURES)
			each_number(c, &len, see_scheme, found);
		skip(c, len);
	}
}

static void
client_hello(struct cursor *c, unsigned int *ecdsa)
{
	unsigned int known_suite = 0, known_scheme = 0;
	size_t left;

	if (number(c, 1) != CLIENT_HELLO) {
		stop(c, HELLO_ALIEN);
		return;
	}
	left = number(c, 3);
	if (c->trouble == HELLO_WHOLE && left > HELLO_MAX)
		stop(c, HELLO_ALIEN);
	if (take(c, &left, VERSION_AND_RANDOM))
		skip(c, VERSION_AND_RANDOM);
	skip_short(c, &left); /* session */
	each_number(c, &left, see_suite, &known_suite);
	skip_short(c, &left); /* compression */
	if (left > 0 && take(c, &left, 2)) {
		size_t len = number(c, 2);

		if (take(c, &left, len))
			extensions(c, len, &known_scheme);
	}
	skip(c, left);
	*ecdsa = known_suite != 0 ? known_scheme : 0;
}

enum hello_read
hello_read(struct view in, unsigned int *ecdsa)
{
	struct cursor c = { .rest = in, .trouble = HELLO_WHOLE };

	client_hello(&c, ecdsa);
	if (c.trouble == HELLO_PART && in.len >= HELLO_MAX)
		c.trouble = HELLO_ALIEN;
	if (c.trouble != HELLO_WHOLE)
		*ecdsa = 0;
	return c.trouble;
}
