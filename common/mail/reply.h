/* SPDX-License-Identifier: ISC */
/* common/mail/reply.h - what a server answered (RFC 5321 4.2, RFC 2034).
 *
 * Fed with one line at a time, without its CRLF.  The server is hostile:
 * whatever it sends, the text stays printable, bounded and one line.
 */
#ifndef COMMON_MAIL_REPLY_H
#define COMMON_MAIL_REPLY_H

#include "common/base/view.h"

enum { REPLY_TEXT = 512, REPLY_LINES_MAX = 512 };

enum reply_state {
	REPLY_MORE, /* the next line belongs to it */
	REPLY_DONE,
	REPLY_BAD /* not a reply; end the session */
};

struct reply {
	int code;              /* 200..599; 0 before the first line */
	int subject;           /* of the enhanced code, -1 without one */
	int detail;            /* likewise */
	char text[REPLY_TEXT]; /* without codes; lines joined by a space */
	bool bad;
	size_t lines;
};

/* Cuts a line off the front; an LF ends it, a CR before that goes.  False:
 * there is no whole one. */
bool reply_cut(struct view *in, struct view *line);

void reply_begin(struct reply *);
/* Bad stays bad until reply_begin(). */
enum reply_state reply_line(struct reply *, struct view);

#endif
