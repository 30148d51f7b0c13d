/* SPDX-License-Identifier: ISC */
/* queue/explain.h - what would become of mail for an address?
 *
 * Asked by way of postern-report (common/ipc/msg_explain.h).  Who is meant is
 * lookup's to say, the route and the destination's state are known here, the
 * rest is found out by the deliver worker that would get the job.
 */
#ifndef QUEUE_EXPLAIN_H
#define QUEUE_EXPLAIN_H

#include "common/ipc/channel.h"

/* Phases of its conversations with lookup and with deliver. */
enum { EXPLAIN_NAMES = CONV_B, EXPLAIN_PROBE = CONV_D };

/* Handles MSG_EXPLAIN, for the table of orders; who asked is gone. */
bool explain_asked(struct channel *, struct conv *, const void *msg, int fd);
void explain_gone(struct conv *);

/* What lookup says in such a phase; it is gone. */
bool explain_name(struct conv *, const void *msg);
bool explain_names_end(struct conv *, const void *msg);
/* What deliver says, any of it. */
bool explain_heard(struct channel *, struct conv *, const void *msg, int fd);
/* The process that was asked is gone. */
void explain_lost(struct conv *);

#endif
