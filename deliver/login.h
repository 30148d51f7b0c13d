/* SPDX-License-Identifier: ISC */
/* deliver/login.h - AUTH as a client (RFC 4954): PLAIN (RFC 4616) and LOGIN.
 *
 * Pure.  What is said is appended to `out`; each reply tells whether there is
 * more to say.  A mechanism is a row of the table in login.c: by what the
 * server must offer it, which kind of credential it is for, and what answers
 * each 334.
 */
#ifndef DELIVER_LOGIN_H
#define DELIVER_LOGIN_H

#include "common/base/buf.h"
#include "common/mail/reply.h"
#include "deliver/credential.h"

enum { LOGIN_LINE_MAX = 4096 };

enum login_step {
	LOGIN_MORE,   /* something was said: wait for the next reply */
	LOGIN_DONE,   /* the server knows us */
	LOGIN_REFUSED /* it does not want to, or makes no sense */
};

struct login_mechanism;

struct login {
	const struct credential *credential; /* lent; NULL: we do not log in */
	const struct login_mechanism *mechanism;
	unsigned int said; /* responses */
	bool done;
};

/* offers: OFFER_* of greeting.h.  False: no mechanism fits both sides. */
bool login_begin(struct login *, unsigned int offers, struct buf *out);
enum login_step login_heard(
    struct login *, const struct reply *, struct buf *out);

/* The response of PLAIN, encoded. */
void login_plain(const struct credential *, struct buf *out);

#endif
