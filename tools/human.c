/* SPDX-License-Identifier: ISC */
/* tools/human.c - values as people and programs want to read them.
 *
 * No I/O.  A mail's text is a stranger's: a terminal obeys escape sequences
 * and direction marks, so none may pass.
 */
#include "tools/human.h"

#include "common/base/alloc.h"
#include "common/base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

/* Decimal; ends out, where it stands. */
static char *
put_number(uint64_t n, char *out)
{
	char digits[20];
	size_t len = 0;

	do
		digits[len++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	while (len > 0)
		*out++ = digits[--len];
	*out = '\0';
	return out;
}

const char *
human_age(int64_t ms, char out[HUMAN_TEXT])
{
	static const struct {
		int64_t below, seconds; /* below so many of our seconds */
		char unit;
	} units[] = {
		{ 60, 1, 's' },
		{ 60 * 60, 60, 'm' },
		{ 24 * 3600, 3600, 'h' },
		{ 1000 * 86400LL, 86400, 'd' },
		{ INT64_MAX, 365 * 86400LL, 'y' },
	};
	int64_t s = ms < 0 ? 0 : ms / 1000;
	size_t i = 0;
	char *end;

	while (s >= units[i].below)
		i++;
	end = put_number((uint64_t)(s / units[i].seconds), out);
	*end++ = units[i].unit;
	*end = '\0';
	return out;
}

const char *
human_size(uint64_t bytes, char out[HUMAN_TEXT])
{
	static const char units[] = " KMGTPE";
	uint64_t tenths = bytes;
	size_t i = 0;

	if (bytes < 1000) {
		(void)put_number(bytes, out);
		return out;
	}
	/* in tenths of the unit, without overflow at the upper end */
	for (i = 1; bytes >= 1000 * 1024ULL; i++)
		bytes /= 1024;
	tenths = bytes * 10 / 1024;
	if (tenths < 100)
		snprintf(out, HUMAN_TEXT, "%" PRIu64 ".%" PRIu64 "%c",
		    tenths / 10, tenths % 10, units[i]);
	else
		snprintf(
		    out, HUMAN_TEXT, "%" PRIu64 "%c", tenths / 10, units[i]);
	return out;
}

const char *
human_bytes(uint64_t bytes, char out[HUMAN_TEXT])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(out, HUMAN_TEXT, "%" PRIu64 " byte%s", bytes,
		    bytes == 1 ? "" : "s");
		return out;
	}
	while (bytes >= 1024 * 1024 && i + 1 < nitems(units)) {
		bytes /= 1024;
		i++;
	}
	snprintf(out, HUMAN_TEXT, "%" PRIu64 " %s", bytes / 1024, units[i]);
	return out;
}

const char *
human_iso(int64_t wall_ms, char out[HUMAN_TEXT])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(out, HUMAN_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
	return out;
}

/* The code point of a valid sequence. */
static uint32_t
code_point(const char *p, size_t len)
{
	const unsigned char *u = (const unsigned char *)p;

	switch (len) {
	case 1:
		return u[0];
	case 2:
		return (uint32_t)(u[0] & 0x1f) << 6 | (u[1] & 0x3f);
	case 3:
		return (uint32_t)(u[0] & 0x0f) << 12 |
		       (uint32_t)(u[1] & 0x3f) << 6 | (u[2] & 0x3f);
	default:
		return (uint32_t)(u[0] & 0x07) << 18 |
		       (uint32_t)(u[1] & 0x3f) << 12 |
		       (uint32_t)(u[2] & 0x3f) << 6 | (u[3] & 0x3f);
	}
}

/*
 * One character as it may be shown, and its width.  Whatever takes no column
 * of its own is spelled out, but for accents: among it are direction marks
 * and joiners, which make one text look like another.
 */
static size_t
show_one(struct view *v, bool utf8, char out[HUMAN_TEXT])
{
	size_t len = utf8_length(*v);
	uint32_t c = len == 0 ? 0 : code_point(v->data, len);
	int width = len > 1 && utf8 ? wcwidth((wchar_t)c) : -1;

	if (len == 1 && c >= 0x20 && c < 0x7f)
		width = 1;
	if (c >= 0x300 && c < 0x370 && utf8)
		width = 0;
	else if (width <= 0)
		width = -1;
	if (width >= 0) {
		memcpy(out, v->data, len);
		out[len] = '\0';
		*v = view_skip(*v, len);
		return (size_t)width;
	}
	if (len > 1)
		snprintf(out, HUMAN_TEXT, "\\u{%x}", c);
	else
		snprintf(out, HUMAN_TEXT, "\\x%02x", (unsigned char)v->data[0]);
	*v = view_skip(*v, len == 0 ? 1 : len);
	return strlen(out);
}

/* Bytes at the front that may be shown as they are: most of all text. */
static size_t
plain_length(struct view v)
{
	size_t n = 0;

	while (n < v.len && v.data[n] >= 0x20 && v.data[n] < 0x7f)
		n++;
	return n;
}

size_t
human_text(struct buf *out, struct view v, size_t columns, bool utf8)
{
	const char *dots = utf8 ? "\xe2\x80\xa6" : "..";
	size_t dots_width = utf8 ? 1 : 2;
	char one[HUMAN_TEXT];
	size_t used = 0, keep = out->len, keep_used = 0, width;

	while (v.len > 0) {
		width = plain_length(v);
		if (width > 0 &&
		    (columns == 0 || used + width + dots_width <= columns)) {
			buf_add(out, view_make(v.data, width));
			v = view_skip(v, width);
			used += width;
			keep = out->len;
			keep_used = used;
			continue;
		}
		width = show_one(&v, utf8, one);
		if (columns > 0 && used + width > columns) {
			out->len = keep;
			buf_add_string(out, dots);
			return keep_used + dots_width;
		}
		buf_add_string(out, one);
		used += width;
		if (used + dots_width <= columns) {
			keep = out->len;
			keep_used = used;
		}
	}
	return used;
}

/* Control characters, and the marks that turn or hide text. */
static bool
is_treacherous(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0, 0x1f },
		{ 0x7f, 0x9f },
		{ 0xad, 0xad },
		{ 0x61c, 0x61c },
		{ 0x180e, 0x180e },
		{ 0x200b, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2060, 0x206f },
		{ 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb },
		{ 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < nitems(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* Those beyond the first plane are two (RFC 8259 7). */
static void
put_escape(struct buf *out, uint32_t c)
{
	if (c > 0xffff)
		buf_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10),
		    0xdc00 + (c & 0x3ff));
	else
		buf_printf(out, "\\u%04x", c);
}

static size_t
json_plain_length(struct view v)
{
	size_t n = 0;

	while (n < v.len && v.data[n] >= 0x20 && v.data[n] < 0x7f &&
	       v.data[n] != '"' && v.data[n] != '\\')
		n++;
	return n;
}

void
human_json(struct buf *out, struct view v)
{
	size_t len;

	buf_add(out, view_make("\"", 1));
	for (; v.len > 0; v = view_skip(v, len == 0 ? 1 : len)) {
		uint32_t c;

		len = json_plain_length(v);
		if (len > 0) {
			buf_add(out, view_make(v.data, len));
			continue;
		}
		len = utf8_length(v);
		c = len == 0 ? 0xfffd : code_point(v.data, len);
		if (len == 1 && (c == '"' || c == '\\'))
			buf_printf(out, "\\%c", (char)c);
		else if (is_treacherous(c) || len == 0)
			put_escape(out, c);
		else
			buf_add(out, view_make(v.data, len));
	}
	buf_add(out, view_make("\"", 1));
}

void
human_client(uint8_t family, const uint8_t *bytes, char out[IP_TEXT])
{
	struct ip ip = { .family = family };

	memcpy(ip.bytes, bytes, sizeof(ip.bytes));
	out[0] = '\0';
	if (ip.family == 4 || ip.family == 6)
		ip_print(&ip, out);
}
