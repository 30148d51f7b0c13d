/* SPDX-License-Identifier: ISC */
/* common/mail/xtext.c - the "+2B" encoding of ORCPT and ENVID values. */
#include "common/mail/xtext.h"

/* Both cases are read, although RFC 3461 section 4 asks for capitals. */
static int
hex_value(char c)
{
	c = ascii_lower(c);
	if (ascii_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_printable(int c)
{
	return c >= ' ' && c < 0x7f;
}

/* The byte at the front of *in, or -1. */
static int
decode_one(struct view *in)
{
	char c = in->data[0];
	int high, low;

	*in = view_skip(*in, 1);
	if (c != '+')
		return c > ' ' && c < 0x7f && c != '=' ? c : -1;
	if (in->len < 2)
		return -1;
	high = hex_value(in->data[0]);
	low = hex_value(in->data[1]);
	*in = view_skip(*in, 2);
	if (high < 0 || low < 0 || !is_printable(high * 16 + low))
		return -1;
	return high * 16 + low;
}

bool
xtext_decode(struct view in, char *out, size_t size)
{
	size_t n = 0;

	while (in.len > 0) {
		int c = decode_one(&in);

		if (c < 0 || n + 1 == size) {
			out[0] = '\0';
			return false;
		}
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return true;
}

bool
xtext_encode(struct view in, char *out, size_t size)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		unsigned char c = (unsigned char)in.data[i];
		bool plain = c > ' ' && c < 0x7f && c != '+' && c != '=';

		if (size - n < (plain ? 2 : 4)) {
			out[0] = '\0';
			return false;
		}
		out[n++] = plain ? (char)c : '+';
		if (!plain) {
			out[n++] = digits[c >> 4];
			out[n++] = digits[c & 15];
		}
	}
	out[n] = '\0';
	return true;
}
