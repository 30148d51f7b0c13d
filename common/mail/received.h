/* SPDX-License-Identifier: ISC */
/* common/mail/received.h - our trace header (RFC 5321 4.4).
 *
 * The HELO argument and the name of the client are foreign text: what is not
 * of a domain or an address literal leaves as "?", so that they add neither
 * a line nor a comment.  Lines stay under 78 bytes unless one word alone is
 * longer.
 */
#ifndef COMMON_MAIL_RECEIVED_H
#define COMMON_MAIL_RECEIVED_H

#include "common/base/buf.h"
#include "common/base/ip.h"
#include "common/mail/mailbox.h"

struct received {
	bool local; /* submission socket: uid; helo, rdns, ip unused */
	uint32_t uid;
	const char *helo; /* as the client said; "" or NULL: "unknown" */
	const char *rdns; /* "" or NULL when not known */
	struct ip ip;
	bool esmtp;           /* said EHLO */
	bool auth;            /* logged in; the name is not told */
	bool hidden;          /* neither is from where: helo, rdns, ip unused */
	const char *protocol; /* of TLS, with its cipher; NULL: clear text */
	const char *cipher;
	bool utf8;            /* SMTPUTF8: RFC 6729 */
	const char *hostname; /* ours */
	uint64_t id;
	const struct mailbox *rcpt; /* only when there is exactly one, or NULL:
				       "for" must not betray a Bcc; left
				       out when it would not be ASCII */
	int64_t wall_ms;
};

/* At most this many bytes are added. */
enum { RECEIVED_MAX = 2048 };

void received_add(struct buf *, const struct received *);

#endif
