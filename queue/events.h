/* SPDX-License-Identifier: ISC */
/* queue/events.h - tells history what becomes of messages.
 *
 * Never delays mail: what history does not read in time is dropped and
 * counted.  Without history nothing is told.
 */
#ifndef QUEUE_EVENTS_H
#define QUEUE_EVENTS_H

#include "common/ipc/msg_history.h"
#include "common/ipc/msg_job.h"
#include "common/mail/status.h"
#include "common/run/process.h"
#include "queue/store.h"

/* For the table of peers in main.c. */
extern const struct peer_def events_peer;

/* It is stored; cause: the message that it is a notice about, or 0. */
void events_accepted(const struct store_commit *, uint64_t cause);
/* What became of a recipient; done may be NULL. */
void events_rcpt(enum past_kind, const struct group *, const struct rcpt *,
    const struct status *, const struct msg_job_done *);
/* Others stand in the place of recipients: they are stored. */
void events_expanded(const struct store_commit *);
void events_held(const struct group *, const char *why);
/* An order was carried out. */
void events_order(const struct msg_order *);
/* End of the loop's turn. */
void events_turn(void);

#endif
