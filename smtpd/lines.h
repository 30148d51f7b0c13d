/* SPDX-License-Identifier: ISC */
/* smtpd/lines.h - cuts what a client sends into command lines.
 *
 * Only CRLF ends a line (RFC 5321 2.3.8).  A bare LF, a bare CR, a NUL, or
 * as many bytes as one may have without an end spoil the line: that is said
 * once, and what follows is dropped up to the next CRLF.  Where the bytes are
 * cut into pieces changes nothing.
 */
#ifndef SMTPD_LINES_H
#define SMTPD_LINES_H

#include "common/base/view.h"

/* With the CRLF; RFC 5321 4.5.3.1.4 asks for 512, extensions add to it. */
enum { COMMAND_MAX = 2048 };

enum line {
	LINE_PART, /* what is left of *in is the start of a line */
	LINE_WHOLE,
	LINE_BARE, /* a bare CR or LF stands in it */
	LINE_NUL,
	LINE_LONG
};

struct lines {
	bool skipping; /* up to the next CRLF */
	bool cr;       /* private: while skipping, a CR came last */
};

/* Drops what is left of a spoiled line; false: its end has not come.  After
 * it *in begins with a line.  lines_next() does the same by itself. */
bool lines_skip(struct lines *, struct view *in);
/* Takes one line off the front of *in; *line is without CRLF. */
enum line lines_next(
    struct lines *, struct view *in, size_t max, struct view *line);

#endif
