/* SPDX-License-Identifier: ISC */
/* tools/source.c - the message on standard input.
 *
 * Looks for the lone dot and nothing else; line ends are the sender's matter.
 */
#include "tools/source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * Decides about one byte at the start of a line that may be the last one.
 * True: it was taken.
 */
static bool
take_withheld(struct source *s, char c, struct buf *out)
{
	static const char line[] = ".\r";

	if (s->withheld > 0 && c == '\n') {
		s->ended = true;
		return true;
	}
	if (s->withheld < 2 && c == line[s->withheld]) {
		s->withheld++;
		return true;
	}
	buf_add(out, view_make(line, s->withheld));
	s->withheld = 0;
	s->in_line = true;
	return false;
}

/* Copies input to out up to the end of the message. */
static void
take(struct source *s, struct view in, struct buf *out)
{
	while (in.len > 0 && !s->ended) {
		size_t n;

		if (!s->in_line && !s->dots_are_text &&
		    take_withheld(s, in.data[0], out)) {
			in = view_skip(in, 1);
			continue;
		}
		n = view_find(in, '\n');
		s->in_line = n == in.len;
		n += s->in_line ? 0 : 1;
		buf_add(out, view_make(in.data, n));
		in = view_skip(in, n);
	}
}

/* One read(2), at most `max` bytes.  False: nothing more will come. */
static bool
read_some(struct source *s, struct buf *out, size_t max)
{
	char piece[SOURCE_PIECE];
	ssize_t n;

	if (s->ended || s->failed != 0)
		return false;
	do {
		n = read(
		    s->fd, piece, max < sizeof(piece) ? max : sizeof(piece));
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		s->failed = errno;
	if (n == 0)
		s->ended = true;
	if (n > 0)
		take(s, view_make(piece, (size_t)n), out);
	return n > 0;
}

static bool
has_eightbit(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.data[i] > 127)
			return true;
	return false;
}

bool
source_begin(struct source *s, int fd, bool dots_are_text)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->dots_are_text = dots_are_text;
	/* withheld bytes of an earlier piece may come on top */
	buf_init(&s->kept, SOURCE_KEPT + 2);
	while (s->kept.len < SOURCE_KEPT &&
	       read_some(s, &s->kept, SOURCE_KEPT - s->kept.len))
		;
	s->whole = s->ended;
	s->eightbit = has_eightbit(buf_view(&s->kept));
	return s->failed == 0;
}

bool
source_next(struct source *s, struct buf *out)
{
	s->spent = true;
	while (out->len == 0)
		if (!read_some(s, out, SOURCE_PIECE))
			return false;
	return true;
}

void
source_free(struct source *s)
{
	buf_free(&s->kept);
}
