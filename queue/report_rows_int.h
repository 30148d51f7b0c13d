/* SPDX-License-Identifier: ISC */
/* queue/report_rows_int.h - what report_rows.c and report_all.c share. */
#ifndef QUEUE_REPORT_ROWS_INT_H
#define QUEUE_REPORT_ROWS_INT_H

#include "queue/report_db.h"
#include "queue/report_rows.h"

/* What one slice may cost: a row looked at, and one that is sent. */
enum { SLICE_COST = 16384, COST_SEEN = 1, COST_LOOKED = 4, COST_SENT = 16 };

enum rows_statement {
	MESSAGES,
	RECIPIENTS,
	OWNER,
	BEGIN,
	COMMIT,
	ALL_GROUPS,
	ALL_RECIPIENTS,
	BRIEF_MESSAGES,
	BRIEF_RECIPIENTS,
	DESTINATIONS,
	STATEMENTS
};

struct rows {
	struct report_db db;
};

/* What MESSAGES stands on. */
void rows_fill_message(sqlite3_stmt *, struct msg_row *);
/* transport, host, port from that column on; "" where there is none. */
void rows_fill_destination(sqlite3_stmt *, int column, char *out, size_t size);
/* The recipients of message ask->after, from ask->group and ask->n on. */
enum rows_result rows_send_rcpts(
    struct rows *, struct rows_ask *, const struct rows_out *, int *cost);

/* A slice of everything: no filter, all users. */
enum rows_result rows_slice_all(
    struct rows *, struct rows_ask *, const struct rows_out *);

#endif
