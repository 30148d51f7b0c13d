/* SPDX-License-Identifier: ISC */
/* smtpd/intake.h - what passes between us and queue.
 *
 * Files for bodies come in, commits go out; when queue dies the fate of those
 * that it had not answered is asked from the next one.
 */
#ifndef SMTPD_INTAKE_H
#define SMTPD_INTAKE_H

#include "common/run/process.h"
#include "smtpd/client.h"

/* What queue may say; the data of its struct peer is the worker. */
enum { INTAKE_RULES = 4 };
extern const struct channel_rule intake_rules[INTAKE_RULES];

void intake_attached(struct worker *, struct channel *);
void intake_lost(struct worker *);

/* A file for the client's body, from the stock; false: none is ready. */
bool intake_take_file(struct client *);
/* The client's file is not needed; back to the stock, or given up. */
void intake_drop_file(struct client *);
/* The client leaves: an answer to it finds nobody. */
void intake_forget(struct client *);
/* End of a loop turn: serves those who wait, as far as there is room. */
void intake_turn(struct worker *);
/* Once a second. */
void intake_second(struct worker *);

#endif
