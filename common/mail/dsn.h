/* SPDX-License-Identifier: ISC */
/* common/mail/dsn.h - writes a delivery status notification.
 *
 * RFC 6522 (multipart/report), RFC 3464 (delivery-status), RFC 3834 (never
 * answered by a machine).  The result is a whole message with CRLF line ends,
 * to be sent from "<>".  No text that is handed in can add a line, a field or
 * a part to it.
 */
#ifndef COMMON_MAIL_DSN_H
#define COMMON_MAIL_DSN_H

#include "common/base/buf.h"
#include "common/mail/status.h"

enum dsn_kind {
	DSN_FAILED, /* the recipients are given up */
	DSN_DELAYED /* tried further; the sender need not do anything */
};

struct dsn_recipient {
	const char *address;
	const char *original; /* ORCPT, decoded: "rfc822;a@b"; may be "" */
	struct status status;
	const char *remote_mta; /* the host that said so; may be "" */
};

struct dsn {
	enum dsn_kind kind;
	const char *hostname;    /* ours */
	const char *sender;      /* to whom; not empty */
	const char *envelope_id; /* ENVID, decoded; may be "" or NULL */
	uint64_t id;             /* of the message that failed */
	uint64_t boundary;       /* the notification's own id */
	int64_t arrival_ms;
	int64_t now_ms;
	int64_t until_ms; /* DSN_DELAYED: when it will be given up */
	const struct dsn_recipient *recipients;
	size_t nrecipients;
	/* The failed message's header, or the first bytes of it; only whole
	 * lines are copied, up to the first empty one. */
	struct view header;
};

/* Ask buf_ok() whether it fitted. */
void dsn_write(const struct dsn *, struct buf *out);

#endif
