/* SPDX-License-Identifier: ISC */
/* queue/bounce.h - what a notification needs to know, carried to the store.
 *
 * Made by the loop thread when recipients are given up; the store thread
 * turns it into text when it has the failed message's header at hand, in the
 * same batch that removes the cause.
 */
#ifndef QUEUE_BOUNCE_H
#define QUEUE_BOUNCE_H

#include "common/base/buf.h"
#include "common/mail/status.h"
#include "queue/message.h"

enum { BOUNCE_HEADER_MAX = 64 * 1024, BOUNCE_MAX = 8 * 1024 * 1024 };

struct bounce;

/* To message->sender, about it.  Texts are copied. */
struct bounce *bounce_new(
    const struct message *, const char *hostname, int64_t now);
void bounce_free(struct bounce *); /* NULL is welcome */
void bounce_add(struct bounce *, const struct rcpt *, const struct status *,
    const char *remote_host);
/* header: the first bytes of the body; id: the notification's own. */
void bounce_write(
    const struct bounce *, uint64_t id, struct view header, struct buf *out);

#endif
