/* SPDX-License-Identifier: ISC */
/* queue/bounce.h - what a notification needs to know, carried to the store.
 *
 * Made by the loop thread when there is something to tell; the store thread
 * turns it into text when it has the message at hand, in the same batch that
 * removes the cause.
 */
#ifndef QUEUE_BOUNCE_H
#define QUEUE_BOUNCE_H

#include "common/base/buf.h"
#include "common/mail/alert.h"
#include "common/mail/dsn.h"
#include "queue/message.h"

enum {
	BOUNCE_HEADER_MAX = 64 * 1024,
	BOUNCE_WHOLE_MAX = 4 * 1024 * 1024, /* of a message that is returned */
	BOUNCE_RCPTS_MAX = 1000,            /* in one notification */
	BOUNCE_MAX = 16 * 1024 * 1024       /* holds all of that */
};

struct bounce_terms {
	const char *hostname, *to;
	bool postmaster; /* "to" is he, as there is no sender */
	int64_t now, until;
	uint64_t whole_max; /* larger messages: their header alone */
};

struct bounce;

/* About that message.  Texts are copied. */
struct bounce *bounce_new(const struct message *, const struct bounce_terms *);
/* About ourselves, to the postmaster: nothing is added to it. */
struct bounce *bounce_alert(const struct alert *, int64_t now);
void bounce_free(struct bounce *); /* NULL is welcome */
void bounce_add(struct bounce *, enum dsn_action, const struct rcpt *,
    const struct status *, const char *remote_host);
size_t bounce_count(const struct bounce *, enum dsn_action);
const char *bounce_to(const struct bounce *);
bool bounce_to_postmaster(const struct bounce *);
/* How many of its first bytes the message must give. */
size_t bounce_wants(const struct bounce *);
/* content: those; id: the notification's own.  True: it has 8-bit bytes. */
bool bounce_write(
    const struct bounce *, uint64_t id, struct view content, struct buf *out);

#endif
