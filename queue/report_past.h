/* SPDX-License-Identifier: ISC */
/* queue/report_past.h - the life of messages: history.db, then queue.db.
 *
 * As in report_rows.h: an answer is read in slices, each of which is some
 * short read transactions; none is open between two of them.
 */
#ifndef QUEUE_REPORT_PAST_H
#define QUEUE_REPORT_PAST_H

#include "common/ipc/msg_history.h"
#include "queue/report_rows.h"

struct past_rows;

enum past_stage { /* of one message */
	STAGE_FIND,
	STAGE_MESSAGE,
	STAGE_RCPTS,
	STAGE_EVENTS,
	STAGE_QUEUED
};

struct past_ask {
	uint64_t id; /* this message; or 0, and text */
	char text[MSG_ADDRESS_MAX + 1];
	uint64_t before; /* ids below; moves on with the answer */
	int64_t since;
	uint32_t limit; /* messages still wanted */
	bool all;       /* everybody's, not only those of uid */
	uint32_t uid;
	/* private, zero at first */
	enum past_stage stage;
	uint64_t at;      /* the message under way */
	bool told;        /* it was sent */
	int64_t group, n; /* stopped behind this recipient or event */
	struct rows_ask queued;
};

/* Where it goes. */
struct past_out {
	void (*message)(void *, const struct msg_past_message *);
	void (*rcpt)(void *, const struct msg_past_rcpt *);
	void (*event)(void *, const struct msg_past_event *);
	void (*queued)(void *, const struct msg_row_rcpt *);
	bool (*full)(void *);
	void *arg;
};

struct past_rows *past_rows_new(const char *path); /* lent */
void past_rows_free(struct past_rows *);
enum rows_result past_slice(struct past_rows *, struct rows *queue,
    struct past_ask *, const struct past_out *);
/* After ROWS_FAILED. */
const char *past_rows_error(const struct past_rows *, uint16_t *code);

#endif
