/* SPDX-License-Identifier: ISC */
/* common/base/moment.h - points in time as programs and people write them. */
#ifndef COMMON_BASE_MOMENT_H
#define COMMON_BASE_MOMENT_H

#include "common/base/view.h"

enum { MOMENT_TEXT = 32 };

/*
 * All of it is a time of RFC 3339 ("2026-11-28T22:10:03Z", with a fraction,
 * with an offset such as "+01:00", a space for the T), or seconds since 1970:
 * true, and *ms is in milliseconds since 1970.  From 1970 to the year 9999.
 */
bool moment_read(struct view, int64_t *ms);
/* "2026-11-28 22:10:03 UTC"; a time out of those years is the nearest that
 * is in them.  Fills out and returns it. */
const char *moment_print(int64_t ms, char out[MOMENT_TEXT]);

#endif
