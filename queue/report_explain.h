/* SPDX-License-Identifier: ISC */
/* queue/report_explain.h - postern explain: the question on its way to queue,
 * and what comes back.
 *
 * Gets one answer: queue's, or why there is none.
 */
#ifndef QUEUE_REPORT_EXPLAIN_H
#define QUEUE_REPORT_EXPLAIN_H

#include "common/ipc/msg_explain.h"
#include "queue/report_caller.h"

#include "common/ipc/channel.h"

enum { EXPLAINED = CONV_C }; /* phase of a conversation with queue */

struct explained;

/*
 * A tool asks, in its conversation, where the answer goes; *slot is that of
 * its question, NULL when none is under way, as it is again after the answer.
 * False: one at a time.
 */
bool explained_ask(struct explained **slot, struct channel *, struct conv *,
    const struct msg_ask_explain *, const struct caller *, bool operator_);
/* The one who asked is gone; NULL is welcome. */
void explained_forget(struct explained *);
/* Answers those that are too old. */
void explained_expire(int64_t now_mono);

/* What queue says of it: rows of report's table, and the loss of queue. */
bool explained_heard(struct channel *, struct conv *, const void *, int);
void explained_lost(struct conv *);

#endif
