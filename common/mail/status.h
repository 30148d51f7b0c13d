/* SPDX-License-Identifier: ISC */
/* common/mail/status.h - how it went with one recipient.
 *
 * The verdict is the class digit of the enhanced code (RFC 3463) and the
 * first digit of the SMTP code; the constructors panic when these differ, so
 * "550 4.x.x" never leaves the building.  When in doubt: later.
 */
#ifndef COMMON_MAIL_STATUS_H
#define COMMON_MAIL_STATUS_H

#include "common/mail/reply.h"

enum {
	STATUS_TEXT = REPLY_TEXT,
	STATUS_CODE_TEXT = 16 /* "5.999.999" and a NUL, and some */
};

enum verdict {
	VERDICT_DONE = 2, /* the values are the class digit */
	VERDICT_LATER = 4,
	VERDICT_NEVER = 5
};

struct status {
	enum verdict verdict;
	int smtp;               /* 250, 451, 550 */
	int subject;            /* the 1 of 5.1.2; 0..999 */
	int detail;             /* the 2 of 5.1.2; 0..999 */
	char text[STATUS_TEXT]; /* one printable line, cut to fit */
};

void status_done(struct status *, int smtp, int subject, int detail,
    const char *, ...) __attribute__((__format__(printf, 5, 6)));
void status_later(struct status *, int smtp, int subject, int detail,
    const char *, ...) __attribute__((__format__(printf, 5, 6)));
void status_never(struct status *, int smtp, int subject, int detail,
    const char *, ...) __attribute__((__format__(printf, 5, 6)));
/*
 * The verdict is the first digit of the reply's code.  A 3yz where an end
 * was expected, and no proper reply at all, are "later", as 451 4.5.0.
 */
void status_from_reply(struct status *, const struct reply *);
/* "4.4.1"; fills out and returns it. */
const char *status_code(const struct status *, char out[STATUS_CODE_TEXT]);

#endif
