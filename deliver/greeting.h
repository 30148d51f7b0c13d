/* SPDX-License-Identifier: ISC */
/* deliver/greeting.h - what a server offers in its answer to EHLO.
 *
 * Fed with each line of the answer, code and all, without its CRLF; the
 * first line holds the server's name and offers nothing (RFC 5321 4.1.1.1).
 * Unknown keywords and arguments that make no sense are passed over.  An
 * extension of the sending side is one row in greeting.c.
 */
#ifndef DELIVER_GREETING_H
#define DELIVER_GREETING_H

#include "common/base/view.h"

enum offer {
	OFFER_PIPELINING = 1 << 0, /* RFC 2920 */
	OFFER_SIZE = 1 << 1,       /* RFC 1870 */
	OFFER_8BITMIME = 1 << 2,   /* RFC 6152 */
	OFFER_DSN = 1 << 3,        /* RFC 3461 */
	OFFER_SMTPUTF8 = 1 << 4,   /* RFC 6531 */
	OFFER_STARTTLS = 1 << 5,   /* RFC 3207 */
	OFFER_AUTH_PLAIN = 1 << 6, /* RFC 4954, and its mechanisms */
	OFFER_AUTH_LOGIN = 1 << 7,
	OFFER_AUTH_OAUTHBEARER = 1 << 8,
	OFFER_AUTH_XOAUTH2 = 1 << 9
};

struct greeting {
	unsigned int offers; /* OFFER_* bits */
	uint64_t size_max;   /* largest message in bytes; 0: no limit told */
	uint64_t mail_max;   /* messages in a session (RFC 9422); 0 likewise */
	uint64_t rcpt_max;   /* recipients in a transaction, likewise */
	size_t lines;        /* heard so far */
};

void greeting_begin(struct greeting *);
void greeting_line(struct greeting *, struct view line);

#endif
