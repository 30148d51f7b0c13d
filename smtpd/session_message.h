/* SPDX-License-Identifier: ISC */
/* smtpd/session_message.h - the message of a transaction.  (For session.c.)
 *
 * The rest of what can be done with it stands in session.h.
 */
#ifndef SMTPD_SESSION_MESSAGE_H
#define SMTPD_SESSION_MESSAGE_H

#include "smtpd/session.h"

/* AT_BODY: bytes of DATA. */
enum want message_body(struct session *, struct view *in);
/* AT_CHUNK.  False: go on with what follows. */
bool message_chunk(struct session *, struct view *in, enum want *);
/* AT_SKIP.  False: more to come. */
bool message_skip(struct session *, struct view *in);

#endif
