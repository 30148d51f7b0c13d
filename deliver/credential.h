/* SPDX-License-Identifier: ISC */
/* deliver/credential.h - what proves to a server who we are.
 *
 * A typed value: a password, or a token that ends at some time.  Which
 * mechanisms say it is the table of login.c.  It is read from a descriptor
 * that posternd opened, by the one worker of its route, which talks to no
 * other server; it never gets into a log, a status or the spool.
 */
#ifndef DELIVER_CREDENTIAL_H
#define DELIVER_CREDENTIAL_H

#include "common/base/view.h"
#include "common/mail/mailbox.h"
#include "common/mail/status.h"

enum {
	CREDENTIAL_PASSWORD_MAX = 500,
	CREDENTIAL_SECRET_MAX = 4096, /* of a token */
	CREDENTIAL_FILE_MAX = 8192,   /* bytes of a file with one */
	CREDENTIAL_WHY = 192,
	/* a token is not begun to be said so shortly before its end */
	CREDENTIAL_SKEW_MS = 10 * 1000
};

enum credential_kind { CREDENTIAL_NONE, CREDENTIAL_PASSWORD, CREDENTIAL_TOKEN };

struct credential {
	enum credential_kind kind;
	bool cleartext;  /* may be said without TLS */
	int64_t expires; /* of a token, wall clock, ms; 0: not known */
	char user[LOGIN_MAX + 1];
	char secret[CREDENTIAL_SECRET_MAX + 1];
};

/*
 * The content of a file: a password, and a line end or none; or a token
 * (RFC 6750 2.1), and perhaps a second line, "expires TIME", TIME as
 * common/base/moment.h reads it.  False: nothing has changed, and why says
 * what is wrong with it, without a piece of a secret.  Pure.
 */
bool credential_parse(struct credential *, enum credential_kind,
    struct view content, char why[CREDENTIAL_WHY]);
/* The same from a descriptor; the caller closes it. */
bool credential_read(struct credential *, enum credential_kind, int fd,
    char why[CREDENTIAL_WHY]);
/* It has ended, or is about to: true, and *st says so, for later. */
bool credential_expired(
    const struct credential *, int64_t now, struct status *st);

#endif
