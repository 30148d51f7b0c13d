/* SPDX-License-Identifier: ISC */
/* tools/story.h - the life of a message, as a table or as JSON.
 *
 * Pure: frames in, text into a buffer.  What happened is gathered and told in
 * the order of time when the story ends.
 */
#ifndef TOOLS_STORY_H
#define TOOLS_STORY_H

#include "common/base/buf.h"
#include "common/ipc/msg_history.h"
#include "common/ipc/msg_report.h"

struct story {
	struct buf *out; /* lent */
	bool json;
	bool utf8;
	size_t width; /* of the terminal; 0: cut nothing */
	int64_t now;  /* wall clock, ms */
	size_t told;  /* stories so far */
	/* private, zero at first */
	bool open;
	struct msg_past_message message;
	struct msg_past_rcpt **rcpts;
	struct msg_past_event **events;
	struct msg_row_rcpt **queued;
	size_t nrcpts, nevents, nqueued;
};

void story_message(struct story *, const struct msg_past_message *);
void story_rcpt(struct story *, const struct msg_past_rcpt *);
void story_event(struct story *, const struct msg_past_event *);
void story_queued(struct story *, const struct msg_row_rcpt *);
void story_end(struct story *); /* the last message is complete */

#endif
