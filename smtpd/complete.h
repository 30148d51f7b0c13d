/* SPDX-License-Identifier: ISC */
/* smtpd/complete.h - the header of a submitted message, made whole.
 *
 * A submission server may mend what programs of people leave out (RFC 6409 8),
 * a relay may not.  Adds Date, From and Message-ID at the header's end when
 * they are missing, and takes Bcc and Resent-Bcc out (RFC 5322 3.6.3: nobody
 * may learn of them).  When the text begins without an empty line above it,
 * one is put there, or else what was added would be text.  Pure.
 */
#ifndef SMTPD_COMPLETE_H
#define SMTPD_COMPLETE_H

#include "common/base/buf.h"
#include "common/mail/header.h"
#include "common/mail/mailbox.h"

/* What missing fields are made of.  All lent. */
struct complete_facts {
	const char *hostname;         /* ours */
	const struct mailbox *sender; /* NULL: no From can be made */
	uint64_t id;                  /* of the message */
	int64_t wall_ms;
};

enum {
	/* The start of a line, while it may still be one of the text. */
	COMPLETE_HELD = HEADER_FIELD_MAX + 2,
	/* More than what was fed can come out of all feeds: this. */
	COMPLETE_ADDS = COMPLETE_HELD + 1024
};

struct complete {
	struct complete_facts facts;
	struct header_scan *scan; /* lent: fed by us */
	bool drop;                /* the field under way is left out */
	bool over;                /* nothing is changed from here on */
	size_t nheld;
	char held[COMPLETE_HELD];
};

/* scan: begun, and fed by nobody else. */
void complete_begin(
    struct complete *, struct header_scan *scan, const struct complete_facts *);
/* Decoded bytes in pieces of any size; appends what they become. */
void complete_feed(struct complete *, struct view, struct buf *out);
/* The message is over; its last line had its end. */
void complete_end(struct complete *, struct buf *out);

#endif
