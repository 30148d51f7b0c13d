/* SPDX-License-Identifier: ISC */
/* tools/listing.h - rows of the queue as a table, as JSON lines, in full.
 *
 * Pure: rows in, text into a buffer that the caller empties when it likes.
 * The table is written while the rows come, so the columns have fixed widths
 * and share what the terminal has.
 */
#ifndef TOOLS_LISTING_H
#define TOOLS_LISTING_H

#include "common/base/buf.h"
#include "common/ipc/msg_report.h"

enum listing_form {
	LISTING_TABLE, /* a line a message, and a second one for its error */
	LISTING_JSON,  /* an object a line */
	LISTING_FULL   /* everything, in paragraphs */
};

struct listing {
	enum listing_form form;
	struct buf *out; /* lent */
	size_t width;    /* of the terminal; 0: cut nothing */
	bool utf8;
	int64_t now;       /* wall clock, ms */
	bool filtered;     /* not all messages were asked for */
	uint64_t messages; /* counted so far */
	uint64_t bytes;
	bool open; /* private: a message is under way */
	struct msg_row row;
	size_t nrcpts;
	size_t nheld;
	bool fresh;               /* some recipient is being tried or due */
	int64_t next;             /* the earliest try, 0: none planned */
	struct msg_row_rcpt rcpt; /* the first one */
	char error[MSG_TEXT_MAX + 1];
};

/* "waiting", of enum group_state. */
const char *listing_state(uint8_t);
/* The rest of the struct is the caller's to fill, zeroed before. */
void listing_row(struct listing *, const struct msg_row *);
void listing_rcpt(struct listing *, const struct msg_row_rcpt *);
void listing_piece(struct listing *); /* no recipient of the last row is left */
void listing_end(struct listing *);   /* the totals line of the table */

#endif
