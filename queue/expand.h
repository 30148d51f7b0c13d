/* SPDX-License-Identifier: ISC */
/* queue/expand.h - who is meant by the recipients of local domains.
 *
 * They are stored as they came, as groups of a destination of its own: that of
 * the tables.  So what defers, tries again, gives up, lists and reads after a
 * crash is the same as for any other destination; only its job is a question
 * to lookup.  The answer is one transaction: those that are meant come in, the
 * recipient goes.
 */
#ifndef QUEUE_EXPAND_H
#define QUEUE_EXPAND_H

#include "common/mail/mailbox.h"
#include "common/run/process.h"
#include "queue/schedule.h"

/* For the table of peers in main.c. */
extern const struct peer_def expand_peer;

/* It is local, and there is an alias file. */
bool expand_wanted(const struct mailbox *);
struct destination *expand_destination(void);
/* NULL: no. */
bool expand_is_destination(const struct destination *);
/* A group of it, as schedule_next() gave it. */
void expand_start(struct group *);

#endif
