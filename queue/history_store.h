/* SPDX-License-Identifier: ISC */
/* queue/history_store.h - history.db, written.
 *
 * What is told is in a transaction until past_commit().  The loss of it costs
 * answers, never mail: a database that is damaged is set aside and a new one
 * begun, what cannot be written is dropped and counted.
 */
#ifndef QUEUE_HISTORY_STORE_H
#define QUEUE_HISTORY_STORE_H

#include "common/ipc/msg_history.h"

struct past;

struct past_limits {
	int64_t keep_ms;
	uint64_t bytes;
};

/* history.db in the current folder, opened when something is told. */
struct past *past_new(const struct past_limits *);
void past_free(struct past *); /* without past_commit() */

void past_message(struct past *, const struct msg_past_message *);
void past_rcpt(struct past *, const struct msg_past_rcpt *);
void past_event(struct past *, const struct msg_past_event *);
void past_lost(struct past *, uint64_t count);
void past_commit(struct past *);
/* Deletes some of what is too old or too much.  True: there is more. */
bool past_trim(struct past *, int64_t now);

#endif
