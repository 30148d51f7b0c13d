/* SPDX-License-Identifier: ISC */
/* smtpd/naming.h - what passes between us and resolve.
 *
 * The name of a client's address is asked for when it is welcomed, and nothing
 * ever waits for it: what has not come when a message begins is left out.
 */
#ifndef SMTPD_NAMING_H
#define SMTPD_NAMING_H

#include "common/run/process.h"
#include "smtpd/client.h"

enum { NAMING_RULES = 1 };
extern const struct channel_rule naming_rules[NAMING_RULES];

/* Asks, if that is of use and there is room for one question more. */
void naming_begin(struct client *);
/* The client leaves: the answer finds nobody. */
void naming_forget(struct client *);
/* Its message was taken: its name is told, once. */
void naming_log(struct client *);
/* resolve is gone, with the question in this conversation. */
void naming_lost(struct channel *, struct conv *);

#endif
