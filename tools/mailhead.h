/* SPDX-License-Identifier: ISC */
/* tools/mailhead.h - the header of a message that a local program sends.
 *
 * Pure.  Takes the message's beginning with LF or CRLF line ends, as programs
 * write it.  The header ends at an empty line, or before the first line that
 * is no field; an mbox "From " line at the very beginning is passed over.
 */
#ifndef TOOLS_MAILHEAD_H
#define TOOLS_MAILHEAD_H

#include "common/base/buf.h"
#include "tools/addrlist.h"

/* Which of the fields that every message must have are there. */
struct mailhead {
	bool from, date, message_id;
	bool resent;      /* some Resent-To, -Cc or -Bcc */
	bool ends;        /* the end of the header was seen */
	struct view body; /* what follows it, without the empty line */
};

/* whole: nothing follows behind these bytes. */
void mailhead_scan(struct view message, bool whole, struct mailhead *);
/*
 * The addresses of To, Cc and Bcc, or of their Resent- forms alone when there
 * are any (RFC 5322 3.6.6).  NULL, or what is wrong.
 */
const char *mailhead_recipients(
    struct view message, const struct mailhead *, addrlist_found *, void *arg);
/*
 * Appends the header without Bcc, Resent-Bcc and Return-Path (RFC 5321 4.4),
 * and without the empty line at its end.
 */
void mailhead_copy(struct view message, struct buf *out);
/* Appends a person's name for From: plain, quoted, or encoded (RFC 2047). */
void mailhead_phrase(const char *name, struct buf *out);

#endif
