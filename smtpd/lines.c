/* SPDX-License-Identifier: ISC */
/* smtpd/lines.c - cuts what a client sends into command lines. */
#include "smtpd/lines.h"

#include <string.h>

static bool
holds(struct view v, int byte)
{
	return v.len > 0 && memchr(v.data, byte, v.len) != NULL;
}

/* Drops bytes up to and with the next CRLF.  False: it has not come yet. */
static bool
skip_line(struct lines *l, struct view *in)
{
	while (in->len > 0) {
		size_t lf = view_find(*in, '\n');

		if (lf > 0)
			l->cr = in->data[lf - 1] == '\r';
		if (lf == in->len) {
			*in = view_skip(*in, lf);
			return false;
		}
		*in = view_skip(*in, lf + 1);
		if (l->cr) {
			l->skipping = l->cr = false;
			return true;
		}
	}
	return false;
}

static enum line
spoiled(struct lines *l, struct view *in, size_t used, enum line why)
{
	l->skipping = true;
	l->cr = in->data[used - 1] == '\r';
	*in = view_skip(*in, used);
	return why;
}

bool
lines_skip(struct lines *l, struct view *in)
{
	return !l->skipping || skip_line(l, in);
}

enum line
lines_next(struct lines *l, struct view *in, size_t max, struct view *line)
{
	struct view head = *in;
	size_t lf;

	if (!lines_skip(l, in))
		return LINE_PART;
	head = *in;
	if (head.len > max)
		head.len = max;
	lf = view_find(head, '\n');
	if (lf == head.len)
		return lf < max ? LINE_PART : spoiled(l, in, lf, LINE_LONG);
	if (lf == 0 || head.data[lf - 1] != '\r')
		return spoiled(l, in, lf + 1, LINE_BARE);
	*line = view_make(head.data, lf - 1);
	*in = view_skip(*in, lf + 1);
	if (holds(*line, '\r'))
		return LINE_BARE;
	return holds(*line, '\0') ? LINE_NUL : LINE_WHOLE;
}
