/* SPDX-License-Identifier: ISC */
/* common/mail/date.c - dates as RFC 5322 section 3.3 writes them.
 *
 * Must not depend on the locale: the names of days and months are protocol.
 */
#include "common/mail/date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri",
	"Sat" };
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* A busy second prints the same date thousands of times. */
static _Thread_local struct {
	time_t second;
	char text[DATE_TEXT]; /* "" before the first */
} last;

void
date_prepare(void)
{
	tzset();
	last.text[0] = '\0';
}

static void
print(time_t second, char out[DATE_TEXT])
{
	struct tm tm;
	long zone;
	char sign;

	/* a year beyond int does not occur; UTC's beginning is as good */
	if (localtime_r(&second, &tm) == NULL) {
		second = 0;
		gmtime_r(&second, &tm);
	}
	zone = tm.tm_gmtoff / 60;
	sign = zone < 0 ? '-' : '+';
	zone = zone < 0 ? -zone : zone;
	snprintf(out, DATE_TEXT, "%s, %02d %s %04d %02d:%02d:%02d %c%02d%02d",
	    days[tm.tm_wday % 7], tm.tm_mday % 100, months[tm.tm_mon % 12],
	    (tm.tm_year + 1900) % 10000, tm.tm_hour % 100, tm.tm_min % 100,
	    tm.tm_sec % 100, sign, (int)(zone / 60 % 100), (int)(zone % 60));
}

const char *
date_print(int64_t wall_ms, char out[DATE_TEXT])
{
	time_t second = (time_t)(wall_ms / 1000);

	if (last.text[0] == '\0' || last.second != second) {
		print(second, last.text);
		last.second = second;
	}
	memcpy(out, last.text, DATE_TEXT);
	return out;
}
