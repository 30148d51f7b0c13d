/* SPDX-License-Identifier: ISC */
/* smtpd/limits.h - what one address may do, over all sessions and workers.
 *
 * Not for machines that a rule other than "any" lets relay, nor for networks
 * that `limit client exempt` names.  A key of 0 is nobody's: not counted.
 */
#ifndef SMTPD_LIMITS_H
#define SMTPD_LIMITS_H

#include "smtpd/replies.h"
#include "smtpd/service.h"

/* Connections of one address at the first level of overload. */
enum { LIMITS_STRESSED = 5 };

/* A client at the door.  NULL: welcome, and *key is what it counts under,
 * until limits_leave(). */
const struct smtp_reply *limits_enter(
    const struct service *, const struct accept_client *, uint64_t *key);
void limits_leave(const struct service *, uint64_t key);
/* The next message, the next recipient.  NULL: welcome. */
const struct smtp_reply *limits_message(const struct service *, uint64_t key);
const struct smtp_reply *limits_rcpt(const struct service *, uint64_t key);
/* It happened. */
void limits_note(const struct service *, uint64_t key, enum census_rate);

#endif
