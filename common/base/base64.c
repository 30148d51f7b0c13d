/* SPDX-License-Identifier: ISC */
/* common/base/base64.c - base64 (RFC 4648), read strictly.
 *
 * One text for one value: what could be written in two ways could pass a
 * check in one and be taken in the other.
 */
#include "common/base/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/";

static bool
digit(char c, uint32_t *value)
{
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	if (at == NULL)
		return false;
	*value = (uint32_t)(at - digits);
	return true;
}

/* Four digits, of which the last `padding` are "=". */
static bool
group(const char *text, size_t padding, uint32_t *bits)
{
	uint32_t value;

	*bits = 0;
	for (size_t i = 0; i < 4; i++) {
		value = 0;
		if (i < 4 - padding ? !digit(text[i], &value) : text[i] != '=')
			return false;
		*bits = *bits << 6 | value;
	}
	return (*bits & ((UINT32_C(1) << 8 * padding) - 1)) == 0;
}

static size_t
padding_of(struct view text)
{
	size_t n = 0;

	while (n < 2 && n < text.len && text.data[text.len - 1 - n] == '=')
		n++;
	return n;
}

bool
base64_decode(struct view text, char *out, size_t size, size_t *len)
{
	size_t padding = padding_of(text);

	*len = text.len / 4 * 3;
	if (text.len % 4 != 0 || *len - padding > size)
		return false;
	*len -= padding;
	for (size_t i = 0, at = 0; i < text.len; i += 4) {
		bool last = i + 4 == text.len;
		uint32_t bits;

		if (!group(text.data + i, last ? padding : 0, &bits))
			return false;
		for (int shift = 16; shift >= 0 && at < *len; shift -= 8)
			out[at++] = (char)(bits >> shift);
	}
	return true;
}

/* Up to three bytes. */
static void
encode_group(const char *bytes, size_t n, struct buf *out)
{
	uint32_t bits = 0;
	char text[4];

	for (size_t i = 0; i < 3; i++)
		bits = bits << 8 | (i < n ? (unsigned char)bytes[i] : 0U);
	for (size_t i = 0; i < 4; i++)
		text[i] = i <= n ? digits[bits >> (18 - 6 * i) & 0x3f] : '=';
	buf_add(out, view_make(text, sizeof(text)));
}

void
base64_encode(struct view v, struct buf *out)
{
	for (; v.len > 0; v = view_skip(v, v.len < 3 ? v.len : 3))
		encode_group(v.data, v.len < 3 ? v.len : 3, out);
}
