/* SPDX-License-Identifier: ISC */
/* smtpd/relay.h - may this client send to this recipient?  (Pure.) */
#ifndef SMTPD_RELAY_H
#define SMTPD_RELAY_H

#include "smtpd/replies.h"
#include "smtpd/service.h"

/* sender: NULL for the null sender.  NULL: it may, and *ask: if a table says
 * that there is such a recipient. */
const struct smtp_reply *relay_judge(const struct service *,
    const struct accept_client *, const struct mailbox *sender,
    const struct mailbox *rcpt, bool *ask);

#endif
