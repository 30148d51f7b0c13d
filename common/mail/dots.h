/* SPDX-License-Identifier: ISC */
/* common/mail/dots.h - the lines of a body, both ways (RFC 5321 4.5.2).
 *
 * Both sides take the body in pieces of any size; where they are cut changes
 * nothing.  Only CRLF ends a line (2.3.8): a bare CR or LF neither begins nor
 * ends one, and no repair is tried on the way in, because a repaired line is
 * how one message becomes two (smuggling).  Who is allowed repair by name gets
 * it before anything else looks, and CRLF.CRLF alone stays the end of data.
 */
#ifndef COMMON_MAIL_DOTS_H
#define COMMON_MAIL_DOTS_H

#include "common/base/buf.h"

enum body {
	BODY_MORE, /* all of in was taken, the end has not come */
	BODY_END   /* CRLF.CRLF was taken; what follows it is not ours */
};

enum { BODY_END_MAX = 3 };

/* Zeroed by body_in_begin(); flags are for reading at any time. */
struct body_in {
	int state;      /* private */
	bool plain;     /* yours: a chunk (RFC 3030), without dots or an end */
	bool mend;      /* yours: a bare LF becomes CRLF, a bare CR a blank */
	bool quiet;     /* no more output: set by a violation, or by the caller
			   who wants the rest only read (too big, no space) */
	bool bare_cr;   /* violation */
	bool bare_lf;   /* violation */
	bool has_nul;   /* no violation by itself */
	bool has_8bit;  /* some byte above 127 */
	size_t line;    /* length of the line under way, without CRLF */
	size_t longest; /* length of the longest line, without CRLF */
};

void body_in_begin(struct body_in *);
/*
 * Appends the decoded bytes of in to out: stuffed dots removed, CRLF kept,
 * never more than in.len, with mend twice that.  *used is how much of in was
 * taken: all of it, but for BODY_END.  Not to be fed after BODY_END.
 */
enum body body_in_feed(
    struct body_in *, struct view in, struct buf *out, size_t *used);
/* A plain body is over: the CRLF that it lacks, at most BODY_END_MAX bytes. */
void body_in_end(struct body_in *, struct buf *out);
/* A violation was seen: the message must be refused (550 5.5.2). */
bool body_in_bad(const struct body_in *);

/* The client's side. */
struct dots_out {
	bool in_line; /* private: something stands on the line under way */
	bool cr;      /* private: the last byte taken was a CR */
};

void dots_out_begin(struct dots_out *);
/*
 * Appends in with its dots stuffed, at most 2 * in.len bytes.  A stored body
 * has no bare CR or LF; should one be there, it leaves as CRLF, so that the
 * next hop cannot see an end of data that we do not.
 */
void dots_out_add(struct dots_out *, struct view in, struct buf *out);
/* The final CRLF, if it is missing, and ".\r\n": at most 5 bytes. */
void dots_out_end(struct dots_out *, struct buf *out);

#endif
