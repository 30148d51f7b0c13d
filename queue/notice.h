/* SPDX-License-Identifier: ISC */
/* queue/notice.h - what a sender is told of his recipients.
 *
 * A notification is gathered beside a result, and stored in the transaction
 * that removes its cause.
 */
#ifndef QUEUE_NOTICE_H
#define QUEUE_NOTICE_H

#include "common/ipc/msg_job.h"
#include "common/mail/status.h"
#include "queue/store.h"

/* When the message is given up: wall clock, ms. */
int64_t notice_expires(const struct message *);
/* The recipient is given up: logged, and its sender told if he may be. */
void notice_failed(struct store_result *, struct group *, struct rcpt *,
    const struct status *, const struct msg_job_done *, int64_t now);
/* Every recipient of this result is known: makes the notification, if any. */
void notice_finish(struct store_result *, int64_t now);

#endif
