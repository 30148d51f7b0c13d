/* SPDX-License-Identifier: ISC */
/* tools/span.c - spans of time as people write them. */
#include "tools/span.h"

enum { SECOND = 1000, SPAN_MAX_DAYS = 36500 };

static int64_t
unit_ms(char unit)
{
	switch (unit) {
	case 's':
		return SECOND;
	case 'm':
		return 60 * SECOND;
	case 'h':
		return 3600 * SECOND;
	case 'd':
		return 24LL * 3600 * SECOND;
	case 'w':
		return 7LL * 24 * 3600 * SECOND;
	}
	return 0;
}

bool
span_parse(struct view v, int64_t *ms)
{
	int64_t unit = SECOND;
	uint64_t n;

	if (v.len == 0)
		return false;
	if (!ascii_is_digit(v.data[v.len - 1])) {
		unit = unit_ms(ascii_lower(v.data[v.len - 1]));
		v.len--;
	}
	if (unit == 0 || !view_u64(v, &n) ||
	    n > (uint64_t)(SPAN_MAX_DAYS * 24LL * 3600 * SECOND / unit))
		return false;
	*ms = (int64_t)n * unit;
	return true;
}
