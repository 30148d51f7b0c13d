/* SPDX-License-Identifier: ISC */
/* common/mail/header.c - looks at the header while a body passes by.
 *
 * Must not change or judge it: a relay takes the header as it is.
 */
#include "common/mail/header.h"

#include <string.h>

enum {
	AT_LINE_START,
	IN_NAME,  /* of a field; might still turn out to be none */
	IN_VALUE, /* the rest of a line that belongs to the header */
	AT_CR     /* a line that began with CR: the empty line? */
};

void
header_scan_begin(struct header_scan *h)
{
	memset(h, 0, sizeof(*h));
	h->state = AT_LINE_START;
}

static bool
is_message_id_byte(char c)
{
	return c >= ' ' && c < 0x7f;
}

/* The value of the first Message-ID is complete: keep it, or nothing. */
static void
id_ends(struct header_scan *h)
{
	struct view id = view_make(h->message_id, h->id_len);

	if (!h->catching)
		return;
	h->catching = false;
	if (h->id_len > MESSAGE_ID_MAX)
		id.len = 0;
	for (size_t i = 0; i < id.len; i++)
		if (!is_message_id_byte(id.data[i]))
			id.len = 0;
	while (id.len > 0 && id.data[id.len - 1] == ' ')
		id.len--;
	h->message_id[id.len] = '\0';
}

static void
id_grows(struct header_scan *h, struct view v)
{
	for (size_t i = 0; h->catching && i < v.len; i++) {
		char c = v.data[i];

		/* folds and blanks around the value are not part of it */
		if (c == '\r' || c == '\n' || c == '\t')
			c = ' ';
		if (c == ' ' && h->id_len == 0)
			continue;
		if (h->id_len < MESSAGE_ID_MAX)
			h->message_id[h->id_len] = c;
		else if (c == ' ')
			continue;
		h->id_len++;
	}
}

static void
header_ends(struct header_scan *h)
{
	id_ends(h);
	h->done = true;
}

static void
count(struct header_scan *h, size_t bytes)
{
	h->bytes += bytes;
	if (h->bytes > HEADER_BYTES_MAX)
		h->too_big = true;
}

static void
line_ends(struct header_scan *h)
{
	h->state = AT_LINE_START;
	h->lines++;
	if (h->lines > HEADER_LINES_MAX)
		h->too_many_lines = true;
}

/* Something makes the line under way one of the header. */
static void
line_counts(struct header_scan *h)
{
	count(h, h->name_len + h->name_blanks + 1);
	h->state = IN_VALUE;
}

bool
header_scan_in_line(const struct header_scan *h)
{
	return h->state == IN_VALUE && !h->done;
}

struct view
header_scan_field(const struct header_scan *h)
{
	return view_make(
	    h->name, h->name_len > HEADER_NAME_MAX ? 0 : h->name_len);
}

/* The colon was seen: which field is it? */
static void
field_begins(struct header_scan *h)
{
	struct view name = header_scan_field(h);

	line_counts(h);
	if (view_is_nocase(name, "Received"))
		h->nreceived++;
	else if (view_is_nocase(name, "Date"))
		h->ndate++;
	else if (view_is_nocase(name, "From"))
		h->nfrom++;
	else if (view_is_nocase(name, "Message-ID"))
		h->catching = h->nmessage_id++ == 0;
}

/*
 * "From a@b Mon Jan  1" on top comes from mailbox files; it is no field, but
 * the header goes on below it.
 */
static bool
is_mbox_line(const struct header_scan *h)
{
	return h->lines == 0 && h->name_len == strlen("From") &&
	       memcmp(h->name, "From", strlen("From")) == 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * A field name is printable, with blanks before the colon tolerated (RFC 5322
 * 3.6.8, 4.5); anything else makes the line one of the text.
 */
static void
take_name_byte(struct header_scan *h, char c)
{
	bool in_name = c > ' ' && c < 0x7f && h->name_blanks == 0;

	if (c == ':' && h->name_len > 0)
		field_begins(h);
	else if (c == ' ' && is_mbox_line(h))
		line_counts(h);
	else if (is_blank(c) && h->name_len > 0)
		h->name_blanks++;
	else if (in_name && c != ':') {
		if (h->name_len < HEADER_NAME_MAX)
			h->name[h->name_len] = c;
		h->name_len++;
	} else
		header_ends(h);
	if (h->name_len + h->name_blanks > HEADER_FIELD_MAX)
		header_ends(h);
}

static void
take_first_byte(struct header_scan *h, char c)
{
	if (c == '\r') {
		h->state = AT_CR;
		return;
	}
	h->name_len = h->name_blanks = 0;
	if (is_blank(c) && h->lines > 0) {
		line_counts(h); /* a folded one */
		id_grows(h, view_make(&c, 1));
		return;
	}
	id_ends(h);
	h->state = IN_NAME;
	take_name_byte(h, c);
}

static size_t
take_value(struct header_scan *h, struct view v)
{
	size_t n = view_find(v, '\n');
	bool whole = n < v.len;

	if (whole)
		n++;
	id_grows(h, view_make(v.data, n));
	if (!view_is_ascii(view_make(v.data, n)))
		h->has_8bit = true;
	count(h, n);
	if (whole)
		line_ends(h);
	return n;
}

/* How much of v was taken; at least one byte. */
static size_t
take(struct header_scan *h, struct view v)
{
	switch (h->state) {
	case AT_LINE_START:
		take_first_byte(h, v.data[0]);
		break;
	case IN_NAME:
		take_name_byte(h, v.data[0]);
		break;
	case AT_CR:
		header_ends(h);
		break;
	case IN_VALUE:
		return take_value(h, v);
	}
	return 1;
}

void
header_scan_feed(struct header_scan *h, struct view v)
{
	while (v.len > 0 && !h->done)
		v = view_skip(v, take(h, v));
}

void
header_scan_end(struct header_scan *h)
{
	if (!h->done)
		header_ends(h);
}
