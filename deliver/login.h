/* SPDX-License-Identifier: ISC */
/* deliver/login.h - AUTH as a client (RFC 4954): PLAIN (RFC 4616) and LOGIN
 * with a password, OAUTHBEARER (RFC 7628) and XOAUTH2 with a token.
 *
 * Pure.  What is said is appended to `out`; each reply tells whether there is
 * more to say.  A mechanism is a row of the table in login.c: by what the
 * server must offer it, which kind of credential it is for, what answers
 * each 334, and how the one that brings bad news is answered.
 */
#ifndef DELIVER_LOGIN_H
#define DELIVER_LOGIN_H

#include "common/base/buf.h"
#include "common/mail/reply.h"
#include "deliver/credential.h"
#include "deliver/rejection.h"

enum { LOGIN_LINE_MAX = 8192 }; /* RFC 4954 4: up to 12288 */

enum login_step {
	LOGIN_MORE,   /* something was said: wait for the next reply */
	LOGIN_DONE,   /* the server knows us */
	LOGIN_REFUSED /* it does not want to, or makes no sense */
};

struct login_mechanism;

struct login {
	const struct credential *credential; /* lent; NULL: we do not log in */
	const char *host; /* of the server; lent, NULL: nobody knows */
	uint16_t port;
	const struct login_mechanism *mechanism;
	unsigned int said;        /* responses */
	bool sorry;               /* it has said what is wrong with the token */
	char why[REJECTION_TEXT]; /* that; "" nothing */
	bool done;
};

/* offers: OFFER_* of greeting.h.  False: no mechanism fits both sides. */
bool login_begin(struct login *, unsigned int offers, struct buf *out);
enum login_step login_heard(
    struct login *, const struct reply *, struct buf *out);
/* Does this text repeat the secret, as it is or as it was said, or a piece of
 * that? */
bool login_shows(const struct login *, struct view text);

#endif
