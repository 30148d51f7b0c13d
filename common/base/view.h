/* SPDX-License-Identifier: ISC */
/* common/base/view.h - borrowed bytes: pointer and length.
 *
 * All parsing works on views: nothing is cut by writing NULs, nothing is
 * measured by strlen on foreign data.  A view never owns; it dies with the
 * bytes that it points into.  Case folding is ASCII only (RFC 5321 2.4).
 */
#ifndef COMMON_BASE_VIEW_H
#define COMMON_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view {
	const char *data; /* not NUL-terminated */
	size_t len;
};

struct view view_of(const char *); /* of a C string */
struct view view_make(const char *, size_t);
bool view_eq(struct view, struct view);
bool view_eq_nocase(struct view, struct view);
bool view_is(struct view, const char *); /* equal to a C string */
bool view_is_nocase(struct view, const char *);
bool view_starts_nocase(struct view, const char *);
/* First position of the byte, or len when there is none. */
size_t view_find(struct view, char);
/* Without the first n bytes (all of them when n is larger). */
struct view view_skip(struct view, size_t);
/* Without blanks (space, tab) at both ends. */
struct view view_trim(struct view);
/*
 * Cuts the next word off the front: skips spaces and tabs, takes bytes up to
 * the next one, leaves the rest behind it in *v.  Empty when nothing is left.
 */
struct view view_word(struct view *);
/* The whole view is a decimal number that fits: true, and *out set. */
bool view_u64(struct view, uint64_t *);
/*
 * Copies with a NUL at the end; false (and an empty string) when it does not
 * fit or holds a NUL byte.
 */
bool view_copy(struct view, char *out, size_t size);

/* No byte is above 127. */
bool view_is_ascii(struct view);

/* ASCII, whatever the locale says. */
char ascii_lower(char);
bool ascii_is_alnum(char);
bool ascii_is_digit(char);

#endif
