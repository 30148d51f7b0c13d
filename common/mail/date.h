/* SPDX-License-Identifier: ISC */
/* common/mail/date.h - dates as RFC 5322 section 3.3 writes them. */
#ifndef COMMON_MAIL_DATE_H
#define COMMON_MAIL_DATE_H

#include <stdint.h>

enum { DATE_TEXT = 40 };

/* Reads the time zone's file; to be called before the process is confined. */
void date_prepare(void);
/*
 * "Thu, 01 Jan 1970 00:00:00 +0000" in local time, from milliseconds since
 * 1970; fills out and returns it.  The last second printed is remembered.
 */
const char *date_print(int64_t wall_ms, char out[DATE_TEXT]);

#endif
