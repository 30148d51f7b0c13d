/* SPDX-License-Identifier: ISC */
/* deliver/credential.h - what proves to a server who we are.
 *
 * A typed value: a password now; a token that ends at some time is another
 * kind, and a row of mechanisms in login.c.  It is read from a descriptor
 * that posternd opened, by the one worker of its route, which talks to no
 * other server; it never gets into a log, a status or the spool.
 */
#ifndef DELIVER_CREDENTIAL_H
#define DELIVER_CREDENTIAL_H

#include "common/base/view.h"
#include "common/mail/mailbox.h"

enum {
	CREDENTIAL_SECRET_MAX = 500,
	CREDENTIAL_FILE_MAX = 4096 /* bytes of a file with one */
};

enum credential_kind { CREDENTIAL_NONE, CREDENTIAL_PASSWORD };

struct credential {
	enum credential_kind kind;
	bool cleartext; /* may be said without TLS */
	char user[LOGIN_MAX + 1];
	char secret[CREDENTIAL_SECRET_MAX + 1];
};

/*
 * The content of the file of a password: the password, and a line end or
 * none.  NULL, or what is wrong with it; then nothing has changed.  Pure.
 */
const char *credential_password(struct credential *, struct view content);
/* The same from a descriptor; the caller closes it. */
const char *credential_read(struct credential *, int fd);
/* Does this text repeat the secret, as it is or as it was said? */
bool credential_shows(const struct credential *, struct view text);

#endif
