/* SPDX-License-Identifier: ISC */
/* smtpd/secure.h - what passes between us and tls.
 *
 * A client's connection goes out and does not come back: once it is given
 * away there is no clear text that we could fall back to.  What comes is one
 * end of a pair of sockets, and word of how the client's stream ended.
 */
#ifndef SMTPD_SECURE_H
#define SMTPD_SECURE_H

#include "common/run/process.h"
#include "smtpd/client.h"

/* What tls may say. */
enum { SECURE_RULES = 2 };
extern const struct channel_rule secure_rules[SECURE_RULES];

void secure_init(struct worker *);
/* Nothing is waited for on its socket any more: it goes to tls. */
void secure_begin(struct client *);
/* The client leaves: what tls says of it finds nobody. */
void secure_forget(struct client *);
/* Is there a tls process for new clients? */
void secure_peers_changed(struct worker *);
/* The process that has the client's connection is gone, and with it this. */
void secure_lost(struct channel *, struct conv *);
/* Once a second, for the log. */
void secure_second(struct worker *);

#endif
