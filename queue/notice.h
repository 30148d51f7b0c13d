/* SPDX-License-Identifier: ISC */
/* queue/notice.h - what a sender is told of his recipients (RFC 3461, 3464).
 *
 * Gathered beside a result, and stored in the transaction that removes its
 * cause.  A message without a sender is told of to the postmaster, once;
 * where there is none, or he is the one it cannot be delivered to, what has
 * failed is held.
 */
#ifndef QUEUE_NOTICE_H
#define QUEUE_NOTICE_H

#include "common/ipc/msg_job.h"
#include "common/mail/status.h"
#include "queue/store.h"

/* When the message is given up: wall clock, ms. */
int64_t notice_expires(const struct message *);
/* Given up: logged, and somebody told, unless he said that he does not want
 * to be.  done: who said so; NULL: nobody was asked. */
void notice_failed(struct store_notice *, const struct group *,
    const struct rcpt *, const struct status *, const struct msg_job_done *);
/* Taken by the next server: told if asked for, and it will not tell itself. */
void notice_passed_on(struct store_notice *, const struct group *,
    const struct rcpt *, const struct status *, const struct msg_job_done *);
/* Several others stand in its place. */
void notice_expanded(struct store_notice *, const struct group *,
    const struct rcpt *, const struct status *);
/* Still waiting. */
void notice_delayed(struct store_notice *, const struct group *,
    const struct rcpt *, const struct status *);
/* This server refuses our login, or our token has expired: the postmaster
 * hears of it, once a day, when the message is told of to nobody.  That he did
 * is stored with the result. */
void notice_login(
    struct store_notice *, struct destination *, const struct msg_job_done *);
/* Every recipient is known: makes the notification, if any. */
void notice_finish(struct store_notice *);
/* It is durable, with its cause; or neither is. */
void notice_stored(struct store_notice *, const struct message *about);
void notice_void(struct store_notice *);
/* Its cause was gone when its body was written. */
void notice_discard(struct store_notice *);

#endif
