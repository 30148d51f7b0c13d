/* SPDX-License-Identifier: ISC */
/* common/mail/reply.c - what a server answered, line by line.
 *
 * Must survive any bytes: a reply parser that believed its peer has been the
 * way into more than one mail system.
 */
#include "common/mail/reply.h"

#include <string.h>

bool
reply_cut(struct view *in, struct view *line)
{
	size_t n = view_find(*in, '\n');

	if (n == in->len)
		return false;
	*line = view_make(in->data, n);
	*in = view_skip(*in, n + 1);
	if (line->len > 0 && line->data[line->len - 1] == '\r')
		line->len--;
	return true;
}

void
reply_begin(struct reply *r)
{
	memset(r, 0, sizeof(*r));
	r->subject = r->detail = -1;
}

/* "250" at the front: 200..599, or 0. */
static int
take_code(struct view *line)
{
	uint64_t n;

	if (line->len < 3 || !view_u64(view_make(line->data, 3), &n))
		return 0;
	*line = view_skip(*line, 3);
	return n >= 200 && n <= 599 ? (int)n : 0;
}

/* One to three digits at the front, or -1. */
static int
take_number(struct view *v)
{
	int n = 0;
	size_t len = 0;

	while (len < v->len && len < 4 && ascii_is_digit(v->data[len]))
		n = n * 10 + (v->data[len++] - '0');
	*v = view_skip(*v, len);
	return len == 0 || len > 3 ? -1 : n;
}

static bool
take_dot(struct view *v)
{
	if (v->len == 0 || v->data[0] != '.')
		return false;
	*v = view_skip(*v, 1);
	return true;
}

/*
 * Takes "5.1.1 " off the front of the text.  It counts only in the class of
 * the reply (RFC 2034 section 4); "250 4.2.1 as always" is just text.
 */
static void
take_enhanced(struct reply *r, struct view *text)
{
	struct view v = *text;
	int subject, detail;

	if (take_number(&v) != r->code / 100 || r->code / 100 == 3 ||
	    !take_dot(&v))
		return;
	subject = take_number(&v);
	if (subject < 0 || !take_dot(&v))
		return;
	detail = take_number(&v);
	if (detail < 0 || (v.len > 0 && v.data[0] != ' '))
		return;
	if (r->subject < 0) {
		r->subject = subject;
		r->detail = detail;
	}
	*text = view_skip(v, 1);
}

static void
add_text(struct reply *r, struct view text)
{
	size_t len = strlen(r->text);

	text = view_trim(text);
	if (text.len > 0 && len > 0 && len + 1 < sizeof(r->text))
		r->text[len++] = ' ';
	for (size_t i = 0; i < text.len && len + 1 < sizeof(r->text); i++) {
		char c = text.data[i];

		r->text[len++] = c >= ' ' && c < 0x7f ? c : '?';
	}
	r->text[len] = '\0';
}

static enum reply_state
not_a_reply(struct reply *r)
{
	r->bad = true;
	return REPLY_BAD;
}

enum reply_state
reply_line(struct reply *r, struct view line)
{
	int code = take_code(&line);
	bool more = line.len > 0 && line.data[0] == '-';

	if (r->bad || code == 0 || (r->lines > 0 && code != r->code) ||
	    r->lines == REPLY_LINES_MAX)
		return not_a_reply(r);
	/* a bare "250" is forbidden (RFC 5321 4.2) but common */
	if (line.len > 0 && !more && line.data[0] != ' ')
		return not_a_reply(r);
	r->code = code;
	r->lines++;
	line = view_skip(line, 1);
	take_enhanced(r, &line);
	add_text(r, line);
	return more ? REPLY_MORE : REPLY_DONE;
}
