/* SPDX-License-Identifier: ISC */
/* common/base/id.c - message ids as people see them. */
#include "common/base/id.h"

#include <string.h>

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

const char *
id_print(uint64_t id, char out[ID_TEXT])
{
	char reversed[ID_TEXT];
	size_t n = 0;

	do {
		reversed[n++] = digits[id & 31];
		id >>= 5;
	} while (id != 0);
	for (size_t i = 0; i < n; i++)
		out[i] = reversed[n - 1 - i];
	out[n] = '\0';
	return out;
}

static int
digit_value(char c)
{
	const char *p;

	c = ascii_lower(c);
	if (c == 'o')
		return 0;
	if (c == 'i' || c == 'l')
		return 1;
	if (c == '\0')
		return -1;
	p = strchr(digits, c);
	return p == NULL ? -1 : (int)(p - digits);
}

bool
id_parse(struct view v, uint64_t *out)
{
	uint64_t id = 0;

	if (v.len == 0 || v.len >= ID_TEXT)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		int value = digit_value(v.data[i]);

		if (value < 0 || id >> 59 != 0)
			return false;
		id = id << 5 | (uint64_t)value;
	}
	*out = id;
	return id != 0;
}
