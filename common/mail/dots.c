/* SPDX-License-Identifier: ISC */
/* common/mail/dots.c - the lines of a body, both ways.
 *
 * Works line by line, never byte by byte: memchr finds the line ends and
 * whole runs of lines are copied at once.
 */
#include "common/mail/dots.h"

#include <string.h>

enum {
	AT_LINE_START, /* after CRLF, or at the beginning: DATA's own CRLF */
	AFTER_LF,      /* mended: begins a line, but no end of data */
	IN_LINE,
	AFTER_CR,
	AFTER_DOT,   /* a dot at the start of a line, withheld */
	AFTER_DOT_CR /* and a CR, withheld too */
};

enum { PIECE = 4096 };

/* One pass over the input of body_in_feed(). */
struct pass {
	struct body_in *b;
	const char *next; /* next byte to take */
	const char *end;
	const char *kept; /* taken, but not yet copied: from here to next */
	struct buf *out;
};

void
body_in_begin(struct body_in *b)
{
	memset(b, 0, sizeof(*b));
	b->state = AT_LINE_START;
}

bool
body_in_bad(const struct body_in *b)
{
	return b->bare_cr || b->bare_lf;
}

static void
copy_kept(struct pass *p)
{
	if (!p->b->quiet && p->next > p->kept)
		buf_add(
		    p->out, view_make(p->kept, (size_t)(p->next - p->kept)));
	p->kept = p->next;
}

/* Bytes that are taken, but not to be copied. */
static void
drop(struct pass *p, size_t n)
{
	copy_kept(p);
	p->next += n;
	p->kept = p->next;
}

/* Other bytes instead. */
static void
replace(struct pass *p, size_t n, const char *bytes)
{
	drop(p, n);
	if (!p->b->quiet)
		buf_add(p->out, view_of(bytes));
}

static void
bare_cr(struct pass *p)
{
	p->b->bare_cr = p->b->quiet = true;
}

static void
line_grows(struct body_in *b, size_t n)
{
	b->line += n;
	if (b->line > b->longest)
		b->longest = b->line;
}

static void
line_ends(struct pass *p)
{
	p->next++;
	p->b->line = 0;
	p->b->state = AT_LINE_START;
}

static void
mend_lf(struct pass *p, const char *lf)
{
	size_t n = (size_t)(lf - p->next);

	line_grows(p->b, n);
	p->next += n;
	replace(p, 1, "\r\n");
	p->b->line = 0;
	p->b->state = AFTER_LF;
}

/* While mending it is withheld: it may turn out to be bare. */
static void
take_cr(struct pass *p)
{
	if (p->b->mend)
		drop(p, 1);
	else
		p->next++;
	p->b->state = AFTER_CR;
}

/*
 * A stretch of a line up to a CR or the end of the input; a CR inside is
 * bare, an LF before it is bare too, and neither ends the line.
 */
static void
take_stretch(struct pass *p)
{
	size_t left = (size_t)(p->end - p->next);
	const char *cr = memchr(p->next, '\r', left);
	size_t n = cr == NULL ? left : (size_t)(cr - p->next);
	const char *lf = memchr(p->next, '\n', n);

	if (lf != NULL && p->b->mend) {
		mend_lf(p, lf);
		return;
	}
	if (lf != NULL)
		p->b->bare_lf = p->b->quiet = true;
	line_grows(p->b, n);
	p->next += n;
	p->b->state = IN_LINE;
	if (cr != NULL)
		take_cr(p);
}

static void
after_cr(struct pass *p)
{
	if (*p->next == '\n') {
		if (p->b->mend)
			replace(p, 0, "\r");
		line_ends(p);
		return;
	}
	if (p->b->mend)
		replace(p, 0, " ");
	else
		bare_cr(p);
	line_grows(p->b, 1);
	p->b->state = IN_LINE;
}

/* The dot was stuffed, or was it the last one?  Still withheld. */
static void
after_dot(struct pass *p)
{
	if (*p->next != '\r') {
		p->b->state = IN_LINE;
		return;
	}
	drop(p, 1);
	p->b->state = AFTER_DOT_CR;
}

/* CRLF "." CR, and then no LF: as after any CR. */
static bool
after_dot_cr(struct pass *p)
{
	if (*p->next == '\n') {
		drop(p, 1);
		return true;
	}
	p->b->state = AFTER_CR;
	return false;
}

/* True at the end of data.  Each call takes a byte or changes the state. */
static bool
take(struct pass *p)
{
	switch (p->b->state) {
	case AT_LINE_START:
	case AFTER_LF:
		if (*p->next == '.' && !p->b->plain) {
			drop(p, 1);
			p->b->state =
			    p->b->state == AFTER_LF ? IN_LINE : AFTER_DOT;
		} else
			take_stretch(p);
		break;
	case IN_LINE:
		take_stretch(p);
		break;
	case AFTER_CR:
		after_cr(p);
		break;
	case AFTER_DOT:
		after_dot(p);
		break;
	case AFTER_DOT_CR:
		return after_dot_cr(p);
	}
	return false;
}

/* Eight bytes at a time: the compiler makes wider ones of it if it can. */
static bool
any_8bit(const char *data, size_t len)
{
	uint64_t word, all = 0;

	for (; len >= sizeof(word); data += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		all |= word;
	}
	for (; len > 0; data++, len--)
		all |= (unsigned char)*data;
	return (all & 0x8080808080808080) != 0;
}

enum body
body_in_feed(struct body_in *b, struct view in, struct buf *out, size_t *used)
{
	struct pass p = { b, in.data, in.data + in.len, in.data, out };
	bool end = false;

	while (!end && p.next < p.end)
		end = take(&p);
	copy_kept(&p);
	*used = (size_t)(p.next - in.data);
	if (!b->has_8bit)
		b->has_8bit = any_8bit(in.data, *used);
	if (!b->has_nul && *used > 0)
		b->has_nul = memchr(in.data, '\0', *used) != NULL;
	return end ? BODY_END : BODY_MORE;
}

void
body_in_end(struct body_in *b, struct buf *out)
{
	bool cr = b->state == AFTER_CR;

	if (cr && !b->mend)
		b->bare_cr = b->quiet = true;
	if (b->quiet)
		return;
	if (cr)
		buf_add_string(out, " ");
	if (cr || b->line > 0)
		buf_add_string(out, "\r\n");
	b->state = AT_LINE_START;
	b->line = 0;
}

void
dots_out_begin(struct dots_out *d)
{
	memset(d, 0, sizeof(*d));
}

/*
 * What can be copied as it is: lines with a proper end, as far as no dot
 * begins the next one.  Zero when the first line is not such a line, or is
 * not all here.
 */
static size_t
plain_length(struct view v)
{
	size_t n = 0;

	while (n < v.len) {
		struct view rest = view_skip(v, n);
		size_t lf = view_find(rest, '\n');

		if (lf == rest.len || lf == 0 ||
		    view_find(view_make(rest.data, lf), '\r') != lf - 1)
			break;
		n += lf + 1;
		if (n < v.len && v.data[n] == '.')
			break;
	}
	return n;
}

static void
end_line(struct dots_out *d, struct buf *out, bool cr)
{
	buf_add(out, view_make("\r\n", 2));
	d->in_line = false;
	d->cr = cr;
}

/* Text up to a bare CR or LF, or to the end; how much of v was taken. */
static size_t
add_odd_line(struct dots_out *d, struct view v, struct buf *out)
{
	size_t n = view_find(v, '\r');

	n = view_find(view_make(v.data, n), '\n');
	buf_add(out, view_make(v.data, n));
	d->in_line = d->in_line || n > 0;
	if (n == v.len)
		return n;
	end_line(d, out, v.data[n] == '\r');
	return n + 1;
}

static void
add_piece(struct dots_out *d, struct view v, struct buf *out)
{
	size_t n;

	while (v.len > 0) {
		bool written = d->cr && v.data[0] == '\n';

		/* this CRLF went out when its CR was seen */
		d->cr = false;
		if (written) {
			v = view_skip(v, 1);
			continue;
		}
		if (!d->in_line && v.data[0] == '.')
			buf_add(out, view_make(".", 1));
		n = plain_length(v);
		buf_add(out, view_make(v.data, n));
		if (n > 0)
			d->in_line = false;
		else
			n = add_odd_line(d, v, out);
		v = view_skip(v, n);
	}
}

void
dots_out_add(struct dots_out *d, struct view in, struct buf *out)
{
	/* odd lines search the rest of their piece: keep that short */
	while (in.len > 0) {
		size_t n = in.len < PIECE ? in.len : PIECE;

		add_piece(d, view_make(in.data, n), out);
		in = view_skip(in, n);
	}
}

void
dots_out_end(struct dots_out *d, struct buf *out)
{
	if (d->in_line)
		end_line(d, out, false);
	buf_add(out, view_make(".\r\n", 3));
}
