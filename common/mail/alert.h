/* SPDX-License-Identifier: ISC */
/* common/mail/alert.h - writes a letter to the postmaster about our own state.
 *
 * A whole message with CRLF line ends, to be sent from "<>" (RFC 3834).  No
 * text that is handed in can add a line or a field to it.
 */
#ifndef COMMON_MAIL_ALERT_H
#define COMMON_MAIL_ALERT_H

#include "common/base/buf.h"

enum { ALERT_PARAGRAPHS = 3 };

struct alert {
	const char *hostname; /* ours */
	const char *to;
	const char *subject;
	const char *paragraphs[ALERT_PARAGRAPHS]; /* fewer: then NULL */
};

/* id: of the message that it becomes. */
void alert_write(
    const struct alert *, uint64_t id, int64_t now_ms, struct buf *out);

#endif
