/* SPDX-License-Identifier: ISC */
/* smtpd/session_auth.h - how a client logs in, RFC 4954. */
#ifndef SMTPD_SESSION_AUTH_H
#define SMTPD_SESSION_AUTH_H

#include "common/ipc/msg_auth.h"
#include "smtpd/sasl.h"
#include "smtpd/session.h"

enum { AUTH_TRIES = 3 }; /* of one session that fail */

/* May passwords be sent now? */
bool auth_allowed(const struct session *);
/* AUTH was said: a mechanism, and maybe the first response behind it. */
void auth_begin(struct session *, struct view argument);
/* AT_AUTH: the next line, or one that cannot be read. */
void auth_line(struct session *, struct view line);
void auth_spoiled(struct session *, bool too_long);
/* What was said so far is wiped. */
void auth_forget(struct session *);
/* AT_AUTHING: the answer of auth. */
void session_authed(struct session *, enum auth_verdict, struct buf *out);

#endif
