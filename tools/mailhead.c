/* SPDX-License-Identifier: ISC */
/* tools/mailhead.c - the header of a message that a local program sends.
 *
 * Changes no field that it keeps: what a program wrote, signatures included,
 * goes out as it is.
 */
#include "tools/mailhead.h"

#include "common/base/alloc.h"
#include "common/base/utf8.h"

#include <string.h>

enum { ENCODED_WORD = 45 }; /* bytes of text in one, so that it stays short */

struct field {
	struct view whole; /* with its folded lines and line ends */
	struct view name, value;
};

/* Length of the line at the front, with its line end. */
static size_t
line_length(struct view v)
{
	size_t n = view_find(v, '\n');

	return n == v.len ? n : n + 1;
}

static bool
is_empty_line(struct view v)
{
	return v.len > 0 &&
	       (v.data[0] == '\n' ||
		   (v.len > 1 && v.data[0] == '\r' && v.data[1] == '\n'));
}

/* ftext and then a colon; blanks before it are obsolete, but met. */
static size_t
name_length(struct view line, size_t *colon)
{
	size_t n = 0;

	while (n < line.len && line.data[n] > ' ' && line.data[n] < 0x7f &&
	       line.data[n] != ':')
		n++;
	*colon = n;
	while (*colon < line.len &&
	       (line.data[*colon] == ' ' || line.data[*colon] == '\t'))
		(*colon)++;
	if (*colon == line.len || line.data[*colon] != ':')
		return 0;
	return n;
}

/* Takes the next field off the front; false at the end of the header. */
static bool
field_next(struct view *rest, struct field *f)
{
	size_t len = line_length(*rest), colon;
	size_t name = name_length(view_make(rest->data, len), &colon);

	if (rest->len == 0 || is_empty_line(*rest) || name == 0)
		return false;
	while (len < rest->len &&
	       (rest->data[len] == ' ' || rest->data[len] == '\t'))
		len += line_length(view_skip(*rest, len));
	f->whole = view_make(rest->data, len);
	f->name = view_make(rest->data, name);
	f->value = view_skip(f->whole, colon + 1);
	*rest = view_skip(*rest, len);
	return true;
}

/* mail(1) and old programs may begin with mbox's separator. */
static struct view
begin(struct view message)
{
	if ((message.len > 5 && memcmp(message.data, "From ", 5) == 0) ||
	    (message.len > 6 && memcmp(message.data, ">From ", 6) == 0))
		return view_skip(message, line_length(message));
	return message;
}

static bool
is_resent(struct view name)
{
	return view_is_nocase(name, "Resent-To") ||
	       view_is_nocase(name, "Resent-Cc") ||
	       view_is_nocase(name, "Resent-Bcc");
}

static bool
is_recipient(struct view name)
{
	return view_is_nocase(name, "To") || view_is_nocase(name, "Cc") ||
	       view_is_nocase(name, "Bcc");
}

void
mailhead_scan(struct view message, bool whole, struct mailhead *h)
{
	struct view rest = begin(message);
	struct field f;

	memset(h, 0, sizeof(*h));
	while (field_next(&rest, &f)) {
		h->from = h->from || view_is_nocase(f.name, "From");
		h->date = h->date || view_is_nocase(f.name, "Date");
		h->message_id =
		    h->message_id || view_is_nocase(f.name, "Message-ID");
		h->resent = h->resent || is_resent(f.name);
	}
	/* a line that is cut may yet become a field */
	h->ends = whole || view_find(rest, '\n') < rest.len;
	if (is_empty_line(rest))
		rest = view_skip(rest, line_length(rest));
	h->body = rest;
}

const char *
mailhead_recipients(struct view message, const struct mailhead *h,
    addrlist_found *found, void *arg)
{
	struct view rest = begin(message);
	const char *wrong = NULL;
	struct field f;

	while (wrong == NULL && field_next(&rest, &f))
		if (h->resent ? is_resent(f.name) : is_recipient(f.name))
			wrong = addrlist_each(f.value, found, arg);
	return wrong;
}

void
mailhead_copy(struct view message, struct buf *out)
{
	struct view rest = begin(message);
	struct field f;

	while (field_next(&rest, &f)) {
		if (view_is_nocase(f.name, "Bcc") ||
		    view_is_nocase(f.name, "Resent-Bcc") ||
		    view_is_nocase(f.name, "Return-Path"))
			continue;
		buf_add(out, f.whole);
		if (f.whole.data[f.whole.len - 1] != '\n')
			buf_add(out, view_make("\n", 1));
	}
}

/* atext of RFC 5322 3.2.3 and blanks. */
static bool
is_plain(const char *name)
{
	for (; *name != '\0'; name++)
		if (!ascii_is_alnum(*name) &&
		    strchr(" !#$%&'*+-/=?^_`{|}~", *name) == NULL)
			return false;
	return true;
}

static void
quoted(const char *name, struct buf *out)
{
	buf_add(out, view_make("\"", 1));
	for (; *name != '\0'; name++) {
		if (*name == '"' || *name == '\\')
			buf_add(out, view_make("\\", 1));
		buf_add(out, view_make(name, 1));
	}
	buf_add(out, view_make("\"", 1));
}

/* One character for an encoded word of the Q kind. */
static size_t
encode_one(struct view v, size_t len, struct buf *out)
{
	if (len == 1 && ascii_is_alnum(v.data[0])) {
		buf_add(out, view_make(v.data, 1));
		return 1;
	}
	for (size_t i = 0; i < len; i++)
		buf_printf(out, "=%02X", (unsigned char)v.data[i]);
	return 3 * len;
}

/* Encoded words, cut between characters (RFC 2047 section 5). */
static void
encoded(struct view v, struct buf *out)
{
	size_t used = 0, len;

	buf_add_string(out, "=?utf-8?q?");
	for (; v.len > 0; v = view_skip(v, len)) {
		len = utf8_length(v);
		if (used + 3 * len > ENCODED_WORD) {
			buf_add_string(out, "?= =?utf-8?q?");
			used = 0;
		}
		used += encode_one(v, len, out);
	}
	buf_add_string(out, "?=");
}

void
mailhead_phrase(const char *name, struct buf *out)
{
	bool ascii = true;

	for (const char *p = name; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return; /* no such name */
		ascii = ascii && (unsigned char)*p < 0x80;
	}
	if (!ascii && utf8_valid(view_of(name)))
		encoded(view_of(name), out);
	else if (!ascii)
		return;
	else if (is_plain(name))
		buf_add_string(out, name);
	else
		quoted(name, out);
}
