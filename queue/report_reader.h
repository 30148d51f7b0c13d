/* SPDX-License-Identifier: ISC */
/* queue/report_reader.h - questions in SQL go to a postern-reader.
 *
 * It answers one at a time and hears nothing meanwhile, so that nobody else's
 * question waits for it.  One that is silent for too long is given up.
 */
#ifndef QUEUE_REPORT_READER_H
#define QUEUE_REPORT_READER_H

#include "common/ipc/msg_sql.h"
#include "common/run/process.h"

struct sql;

/* Where the answer goes; end is the last. */
struct sql_out {
	void (*cell)(void *, const struct msg_sql_cell *);
	void (*end)(void *, const struct msg_sql_end *);
	bool (*full)(void *); /* no more for now */
	void *arg;
};

extern const struct peer_def report_reader_peer;

/* NULL: no reader is free, and *end says so. */
struct sql *sql_start(const struct msg_ask_sql *, const struct sql_out *,
    struct msg_sql_end *end);
void sql_go_on(struct sql *);  /* there is room again */
void sql_forget(struct sql *); /* nobody waits for it any more */
/* Now and then: gives up readers that say nothing. */
void sql_expire(int64_t now);

#endif
