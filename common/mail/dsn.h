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

/* In the order in which they are told. */
enum dsn_action {
	DSN_FAILED,    /* given up */
	DSN_DELAYED,   /* tried further; the sender need not do anything */
	DSN_RELAYED,   /* passed on to a server that confirms nothing */
	DSN_DELIVERED, /* in the mailbox */
	DSN_EXPANDED   /* a list: passed on to those on it, who tell nobody */
};

struct dsn_recipient {
	enum dsn_action action;
	const char *address;
	const char *original; /* ORCPT, decoded: "rfc822;a@b"; may be "" */
	struct status status;
	const char *remote_mta; /* the host that said so; may be "" */
};

struct dsn {
	const char *hostname;    /* ours */
	const char *to;          /* whom it tells; not empty */
	bool postmaster;         /* he is told of mail without a sender */
	const char *envelope_id; /* ENVID, decoded; may be "" or NULL */
	uint64_t id;             /* of the message that it is about */
	uint64_t own_id;         /* the notification's */
	int64_t arrival_ms;
	int64_t now_ms;
	int64_t until_ms; /* DSN_DELAYED: when it will be given up */
	const struct dsn_recipient *recipients;
	size_t nrecipients;
	/*
	 * The message, or the first bytes of it.  whole: all of it goes back,
	 * if its lines are such that a server must take them; else, of its
	 * header, whole lines up to the first empty one.
	 */
	struct view content;
	bool whole;
};

/* Ask buf_ok() whether it fitted.  True: it holds bytes above 127. */
bool dsn_write(const struct dsn *, struct buf *out);

#endif
