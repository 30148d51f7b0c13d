/* SPDX-License-Identifier: ISC */
/* smtpd/asking.h - what passes between us and lookup.
 *
 * Questions of one turn go out together; those that lookup took to its grave
 * are asked again.  Each client has its deadline by the clock of its place.
 */
#ifndef SMTPD_ASKING_H
#define SMTPD_ASKING_H

#include "common/run/process.h"
#include "smtpd/client.h"

enum { ASKING_RULES = 1, ASKING_WAIT_MS = 10000 };
extern const struct channel_rule asking_rules[ASKING_RULES];

/* What is pending is to be asked: PLACE_LOOKUP. */
void asking_begin(struct client *);
/* The client does not wait any longer. */
void asking_forget(struct client *);
/* The time is over: "later" for what is not answered. */
void asking_give_up(struct client *);
/* End of a loop turn: asks what is unasked, as far as there is room. */
void asking_turn(struct worker *);
/* lookup is gone, with the question in this conversation. */
void asking_lost(struct channel *, struct conv *);

#endif
