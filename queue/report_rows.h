/* SPDX-License-Identifier: ISC */
/* queue/report_rows.h - queue.db, read only, as rows for the tools.
 *
 * An answer is read in slices: each is one short read transaction, and none
 * is open between two of them, so that a slow tool never holds up queue's
 * checkpoints.  What comes and goes between two slices may be seen or not;
 * no message is shown twice.  Rows are untrusted: text is cut to its field.
 */
#ifndef QUEUE_REPORT_ROWS_H
#define QUEUE_REPORT_ROWS_H

#include "common/ipc/msg_report.h"

struct rows;

struct rows_ask {
	uint64_t after; /* messages above this id */
	uint64_t only;  /* just this message; 0: all */
	uint32_t limit; /* messages still wanted */
	bool all;       /* everybody's, not only those of uid */
	uint32_t uid;
	bool filtered; /* only what this lets through: */
	struct msg_ask_queue filter;
	/* private: stopped within message `after`, behind this recipient */
	bool inside;
	int64_t group, n;
};

/* Where rows go. */
struct rows_out {
	void (*row)(void *, const struct msg_row *);
	void (*rcpt)(void *, const struct msg_row_rcpt *);
	bool (*full)(void *); /* no more for now */
	void *arg;
};

enum rows_result {
	ROWS_GO_ON,   /* call again, when there is room */
	ROWS_LIMIT,   /* as many as wanted */
	ROWS_OVER,    /* no further message */
	ROWS_FOREIGN, /* the only one wanted belongs to somebody else */
	ROWS_FAILED   /* rows_error() says why */
};

struct rows *rows_new(const char *path); /* lent; opens nothing yet */
void rows_free(struct rows *);
/* Opens it at the first call, and again after a failure. */
enum rows_result rows_slice(
    struct rows *, struct rows_ask *, const struct rows_out *);
/* False: unknown, or the database does not answer. */
bool rows_owner(struct rows *, uint64_t id, uint32_t *uid);
/* After ROWS_FAILED: the text, and the tool's exit code. */
const char *rows_error(const struct rows *, uint16_t *code);

#endif
