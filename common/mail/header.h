/* SPDX-License-Identifier: ISC */
/* common/mail/header.h - looks at the header while a body passes by.
 *
 * Changes nothing and keeps nothing but counts and one Message-ID.  Fed with
 * the decoded body (CRLF line ends) in pieces of any size.  The header ends
 * at the first empty line, or at the first line that is no header field.
 */
#ifndef COMMON_MAIL_HEADER_H
#define COMMON_MAIL_HEADER_H

#include "common/base/view.h"

enum {
	HEADER_BYTES_MAX = 1024 * 1024,
	HEADER_LINES_MAX = 2000,
	HEADER_NAME_MAX = 15, /* longer names are of no interest */
	/* A whole line of the standard; no colon by then, no field. */
	HEADER_FIELD_MAX = 998,
	MESSAGE_ID_MAX = 256
};

struct header_scan {
	int state;                      /* private */
	char name[HEADER_NAME_MAX + 1]; /* private: start of the line */
	size_t name_len;                /* private: may exceed the array */
	size_t name_blanks;             /* private: behind the name */
	size_t id_len;                  /* private */
	bool catching;                  /* private: in the Message-ID's value */
	bool done;                      /* the end of the header was seen */
	bool too_big;                   /* over HEADER_BYTES_MAX */
	bool too_many_lines;            /* over HEADER_LINES_MAX */
	bool has_8bit;                  /* RFC 6532, or undeclared */
	size_t bytes;                   /* without the empty line at the end */
	size_t lines;
	size_t nreceived; /* hops: RFC 5321 6.3 */
	size_t ndate;
	size_t nfrom;
	size_t nmessage_id;
	/* The first Message-ID's value with its brackets; empty when there is
	 * none, or not one that is printable and short enough. */
	char message_id[MESSAGE_ID_MAX + 1];
};

void header_scan_begin(struct header_scan *);
void header_scan_feed(struct header_scan *, struct view);
/* The line under way is known to be one of the header. */
bool header_scan_in_line(const struct header_scan *);
/* The name of its field; empty when that is longer than HEADER_NAME_MAX. */
struct view header_scan_field(const struct header_scan *);
/* The body is over: what is in hand counts as complete. */
void header_scan_end(struct header_scan *);

#endif
