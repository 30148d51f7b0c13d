/* SPDX-License-Identifier: ISC */
/* common/base/utf8.c - is it UTF-8? */
#include "common/base/utf8.h"

struct shape {
	unsigned char first, last; /* of the first byte */
	unsigned char low, high;   /* of the second */
	size_t length;
};

/* RFC 3629 section 4, row by row. */
static const struct shape shapes[] = {
	{ 0x00, 0x7f, 0x00, 0x00, 1 },
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static const struct shape *
shape_of(unsigned char c)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (c >= shapes[i].first && c <= shapes[i].last)
			return &shapes[i];
	return NULL;
}

size_t
utf8_length(struct view v)
{
	const unsigned char *p = (const unsigned char *)v.data;
	const struct shape *shape = v.len == 0 ? NULL : shape_of(p[0]);

	if (shape == NULL || shape->length > v.len)
		return 0;
	if (shape->length > 1 && (p[1] < shape->low || p[1] > shape->high))
		return 0;
	for (size_t i = 2; i < shape->length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return shape->length;
}

bool
utf8_valid(struct view v)
{
	while (v.len > 0) {
		size_t n = utf8_length(v);

		if (n == 0)
			return false;
		v = view_skip(v, n);
	}
	return true;
}

bool
utf8_has_control(struct view v)
{
	for (size_t i = 0; i + 1 < v.len; i++)
		if ((unsigned char)v.data[i] == 0xc2 &&
		    (unsigned char)v.data[i + 1] < 0xa0)
			return true;
	return false;
}
