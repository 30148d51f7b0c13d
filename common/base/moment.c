/* SPDX-License-Identifier: ISC */
/* common/base/moment.c - points in time as programs and people write them.
 *
 * Must depend neither on the time zone of the machine nor on its locale.
 */
#include "common/base/moment.h"

#include <stdio.h>
#include <time.h>

enum {
	DAY = 86400, /* seconds */
	FRACTION_DIGITS = 3
};

static const int64_t LAST_SECOND = 253402300799; /* of the year 9999 */

/* So many digits off the front. */
static bool
take_digits(struct view *v, size_t n, int *out)
{
	uint64_t value;

	if (v->len < n || !view_u64(view_make(v->data, n), &value))
		return false;
	*out = (int)value;
	*v = view_skip(*v, n);
	return true;
}

/* One of these bytes off the front. */
static bool
take_any(struct view *v, const char *bytes)
{
	for (; *bytes != '\0'; bytes++)
		if (v->len > 0 && v->data[0] == *bytes) {
			*v = view_skip(*v, 1);
			return true;
		}
	return false;
}

static int
days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Since 1970, of a date that there is. */
static int64_t
days_until(int year, int month, int day)
{
	int before = year - 1;
	int64_t days = 365 * (int64_t)before + before / 4 - before / 100 +
		       before / 400 - 719162;

	for (int m = 1; m < month; m++)
		days += days_in(year, m);
	return days + day - 1;
}

static bool
take_date(struct view *v, int64_t *seconds)
{
	int year, month, day;

	if (!take_digits(v, 4, &year) || !take_any(v, "-") ||
	    !take_digits(v, 2, &month) || !take_any(v, "-") ||
	    !take_digits(v, 2, &day) || year < 1970 || month < 1 ||
	    month > 12 || day < 1 || day > days_in(year, month))
		return false;
	*seconds = days_until(year, month, day) * DAY;
	return true;
}

/* Of a second; what is finer than milliseconds is cut off. */
static bool
take_fraction(struct view *v, int *ms)
{
	static const int weight[FRACTION_DIGITS] = { 100, 10, 1 };
	size_t n = 0;

	*ms = 0;
	if (!take_any(v, "."))
		return true;
	for (; n < v->len && ascii_is_digit(v->data[n]); n++)
		if (n < FRACTION_DIGITS)
			*ms += (v->data[n] - '0') * weight[n];
	*v = view_skip(*v, n);
	return n > 0;
}

/* Second 60 of a leap second is the last but a moment of its minute. */
static bool
take_time(struct view *v, int64_t *seconds, int *ms)
{
	int hour, minute, second;

	if (!take_digits(v, 2, &hour) || !take_any(v, ":") ||
	    !take_digits(v, 2, &minute) || !take_any(v, ":") ||
	    !take_digits(v, 2, &second) || hour > 23 || minute > 59 ||
	    second > 60)
		return false;
	*seconds += hour * 3600 + minute * 60 + (second == 60 ? 59 : second);
	return take_fraction(v, ms);
}

/* "Z", "+01:00": what is added to come to UTC. */
static bool
take_zone(struct view *v, int64_t *seconds)
{
	bool east = v->len > 0 && v->data[0] == '+';
	int hours, minutes, offset;

	if (take_any(v, "Zz"))
		return true;
	if (!take_any(v, "+-") || !take_digits(v, 2, &hours) ||
	    !take_any(v, ":") || !take_digits(v, 2, &minutes) || hours > 23 ||
	    minutes > 59)
		return false;
	offset = hours * 3600 + minutes * 60;
	*seconds += east ? -offset : offset;
	return true;
}

bool
moment_read(struct view v, int64_t *ms)
{
	int64_t seconds = 0;
	uint64_t n;
	int fraction;

	if (view_u64(v, &n)) {
		*ms = (int64_t)(n > (uint64_t)LAST_SECOND ? 0 : n) * 1000;
		return n <= (uint64_t)LAST_SECOND;
	}
	if (!take_date(&v, &seconds) || !take_any(&v, "Tt ") ||
	    !take_time(&v, &seconds, &fraction) || !take_zone(&v, &seconds) ||
	    v.len > 0 || seconds < 0 || seconds > LAST_SECOND)
		return false;
	*ms = seconds * 1000 + fraction;
	return true;
}

const char *
moment_print(int64_t ms, char out[MOMENT_TEXT])
{
	int64_t second = ms < 0 ? 0 : ms / 1000;
	time_t t = (time_t)(second > LAST_SECOND ? LAST_SECOND : second);
	struct tm tm = { 0 };

	gmtime_r(&t, &tm);
	snprintf(out, MOMENT_TEXT, "%04d-%02d-%02d %02d:%02d:%02d UTC",
	    (tm.tm_year + 1900) % 10000, (tm.tm_mon + 1) % 100,
	    tm.tm_mday % 100, tm.tm_hour % 100, tm.tm_min % 100,
	    tm.tm_sec % 100);
	return out;
}
