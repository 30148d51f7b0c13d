/* SPDX-License-Identifier: ISC */
/* common/mail/mailbox.h - the address type; made by this parser only.
 *
 * Policy, routing, storage and the next hop all use the same parsed pair, so
 * they cannot read one address differently.  RFC 5321 4.1.2, 4.1.3, 4.5.3.1.
 * Local parts keep their case (2.4); domains are normalised (domain.h), and
 * those of RFC 6531 are in A-labels (idna.h).  Neither member ever holds a
 * NUL, a CR, an LF or another control character.
 *
 * The grammar is followed strictly: "a..b@c" and unbracketed paths are
 * refused.  "a%b@c" and "a!b@c" are just local parts: nothing is read into
 * them.  Source routes are dropped unread (4.1.1.3, appendix C).
 */
#ifndef COMMON_MAIL_MAILBOX_H
#define COMMON_MAIL_MAILBOX_H

#include "common/mail/domain.h"

enum {
	LOCAL_MAX = 64,
	PATH_MAX_BYTES = 256, /* as written, with the brackets */
	/* the longest print: every byte of the local part escaped */
	ADDRESS_MAX = 2 * LOCAL_MAX + 2 + 1 + DOMAIN_MAX
};

enum { LOGIN_MAX = 255 }; /* of the name by which somebody logs in */

struct mailbox {
	char local[LOCAL_MAX + 1];   /* without quotes; may be UTF-8 */
	char domain[DOMAIN_MAX + 1]; /* empty for "<>" and bare postmaster */
};

/* The whole view is local@domain; utf8: RFC 6531 is in force. */
bool mailbox_parse(struct view, struct mailbox *, bool utf8);
/*
 * Take the path, "<" to ">", off the front of *rest, which is left behind it
 * (unchanged when false).  The reverse path may be "<>": *null, and an empty
 * mailbox.  The forward path may be "<postmaster>", any case.
 */
bool path_parse_reverse(
    struct view *rest, struct mailbox *, bool *null, bool utf8);
bool path_parse_forward(struct view *rest, struct mailbox *, bool utf8);

/* Fills out and returns it.  Quotes only if needed; mailbox_parse() gives the
 * same value back.  "" for the null path. */
const char *mailbox_print(const struct mailbox *, char out[ADDRESS_MAX + 1]);
bool mailbox_eq(const struct mailbox *, const struct mailbox *);
bool mailbox_is_null(const struct mailbox *);
/* Only a server that takes RFC 6531 can be told this address. */
bool mailbox_needs_utf8(const struct mailbox *);

#endif
