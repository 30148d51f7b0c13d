/* SPDX-License-Identifier: ISC */
/* smtpd/body.c - the one sink that a message runs through while it comes in.
 *
 * Decides nothing before the end of data was seen, so that no half of a
 * message is ever taken for a whole one.
 */
#include "smtpd/body.h"

#include "common/base/alloc.h"

#include <string.h>

enum { PART_MAX = 2 }; /* bytes between our trace and what is no header */

void
body_begin(struct body_sink *b, const struct body_limits *limits)
{
	memset(b, 0, sizeof(*b));
	body_in_begin(&b->in);
	header_scan_begin(&b->header);
	b->limits = *limits;
	b->in.plain = limits->chunked;
	b->in.mend = limits->mend;
	buf_init(&b->out, BODY_PIECE + RECEIVED_MAX + PART_MAX + BODY_END_MAX);
}

void
body_free(struct body_sink *b)
{
	buf_free(&b->out);
	buf_free(&b->raw);
	mem_free(b->complete);
	b->complete = NULL;
}

void
body_trace(struct body_sink *b, const struct received *r)
{
	received_add(&b->out, r);
	b->traced = true;
}

void
body_complete(struct body_sink *b, const struct complete_facts *facts)
{
	b->complete = mem_alloc(sizeof(*b->complete));
	complete_begin(b->complete, &b->header, facts);
	buf_init(&b->raw, BODY_PIECE + BODY_END_MAX);
	b->out.max += COMPLETE_ADDS;
}

/* From here on nothing comes out, and what waits to be written is dropped. */
static void
hush(struct body_sink *b)
{
	b->in.quiet = true;
	buf_clear(&b->out);
}

static void
note(struct body_sink *b, struct view decoded)
{
	b->size += decoded.len;
	if (b->complete == NULL && !b->header.done)
		header_scan_feed(&b->header, decoded);
	if (b->size > b->limits.size || b->header.too_big ||
	    b->header.too_many_lines || b->in.longest > BODY_LINE_MAX)
		hush(b);
}

/* Where decoded bytes go first. */
static struct buf *
decoded(struct body_sink *b)
{
	return b->complete == NULL || b->complete->over ? &b->out : &b->raw;
}

/*
 * A first line that begins with a blank is no header field, but would go on
 * with the one above it, which is our trace: nobody may add to what we say of
 * him.  An empty line ends the header there (RFC 5322 2.1, 2.2.3).
 */
static void
part_from_trace(struct body_sink *b, size_t before)
{
	char *text;

	if (b->size > 0 || b->out.len == before || !b->traced ||
	    (b->out.data[before] != ' ' && b->out.data[before] != '\t'))
		return;
	text = buf_room(&b->out, 2);
	if (text == NULL)
		return;
	buf_commit(&b->out, 2);
	memmove(b->out.data + before + 2, b->out.data + before,
	    b->out.len - 2 - before);
	memcpy(b->out.data + before, "\r\n", 2);
}

/* They came, behind the first of *to. */
static void
take(struct body_sink *b, struct buf *to, size_t before, bool last)
{
	if (to == &b->raw && !b->in.quiet) {
		complete_feed(b->complete, buf_view(to), &b->out);
		if (last)
			complete_end(b->complete, &b->out);
	}
	if (b->in.quiet) {
		hush(b);
	} else {
		size_t added = to->len;

		if (to == &b->out)
			part_from_trace(b, before);
		added = to->len - added;
		note(b, view_skip(buf_view(to), before + added));
	}
	buf_clear(&b->raw);
}

/* How much may be taken, so that what comes out has room. */
static size_t
room(const struct body_sink *b)
{
	size_t reserve =
	    BODY_END_MAX + (b->complete == NULL ? 0 : COMPLETE_ADDS);
	size_t left = b->out.max - reserve;

	left = left > b->out.len ? left - b->out.len : 0;
	if (left > BODY_PIECE)
		left = BODY_PIECE;
	return b->in.mend ? left / 2 : left;
}

enum body_step
body_feed(struct body_sink *b, struct view *in)
{
	while (in->len > 0) {
		struct buf *to = decoded(b);
		size_t before = to->len, used;
		struct view piece = *in;
		enum body end;

		if (piece.len > room(b))
			piece.len = room(b);
		if (piece.len == 0)
			return BODY_FULL;
		end = body_in_feed(&b->in, piece, to, &used);
		*in = view_skip(*in, used);
		take(b, to, before, end == BODY_END);
		if (end == BODY_END)
			return BODY_OVER;
	}
	return BODY_HUNGRY;
}

void
body_end(struct body_sink *b)
{
	struct buf *to = decoded(b);
	size_t before = to->len;

	body_in_end(&b->in, to);
	take(b, to, before, true);
}

void
body_written(struct body_sink *b)
{
	buf_clear(&b->out);
}

void
body_fail(struct body_sink *b, const struct smtp_reply *why)
{
	b->failure = why;
	hush(b);
}

/*
 * What the sender must mend comes before what is our trouble: trying again
 * would not help it.
 */
const struct smtp_reply *
body_trouble(const struct body_sink *b)
{
	if (body_in_bad(&b->in))
		return &reply_bare;
	if (b->in.has_nul)
		return &reply_nul;
	if (b->size > b->limits.size)
		return &reply_too_big;
	if (b->in.longest > BODY_LINE_MAX)
		return &reply_line_huge;
	if (b->header.too_big || b->header.too_many_lines)
		return &reply_header_big;
	if (b->header.nreceived > b->limits.hops)
		return &reply_loop;
	return b->failure;
}

const struct smtp_reply *
body_verdict(struct body_sink *b)
{
	header_scan_end(&b->header);
	return body_trouble(b);
}
