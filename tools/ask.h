/* SPDX-License-Identifier: ISC */
/* tools/ask.h - questions and orders to postern-report.
 *
 * Every function gives an exit code of sysexits(3) and has told the reason
 * on standard error when that is not 0.  The other end is trusted no further
 * than any peer: frames are checked, texts are escaped before they are shown.
 */
#ifndef TOOLS_ASK_H
#define TOOLS_ASK_H

#include "common/ipc/msg_check.h"
#include "common/ipc/msg_explain.h"
#include "common/ipc/msg_history.h"
#include "common/ipc/msg_report.h"
#include "common/ipc/msg_sql.h"

struct ask;

/* Where rows go; any of them false: enough. */
struct ask_rows {
	bool (*row)(void *, const struct msg_row *);
	bool (*rcpt)(void *, const struct msg_row_rcpt *);
	bool (*piece)(void *); /* a piece is complete: time to write */
	void *arg;
};

/* The path is lent.  NULL: POSTERN_CONTROL or the place it was built with. */
int ask_open(struct ask **, const char *path);
/* For what only reads: with posternd down, see tools/standby.h. */
int ask_open_reader(struct ask **, const char *path);
void ask_close(struct ask *); /* NULL is welcome */

/* Every message that may be seen and passes the question's filters. */
int ask_queue(
    struct ask *, const struct msg_ask_queue *, const struct ask_rows *);
/* Where stories go; any of them false: enough.  rows: those queued. */
struct ask_past {
	bool (*message)(void *, const struct msg_past_message *);
	bool (*rcpt)(void *, const struct msg_past_rcpt *);
	bool (*event)(void *, const struct msg_past_event *);
};

/* At most limit messages; *more: there are others. */
int ask_trace(struct ask *, const struct msg_ask_trace *,
    const struct ask_past *, const struct ask_rows *, bool *more);
/* The queue by destination; row false: enough. */
typedef bool ask_summary_row(void *, const struct msg_summary *);
int ask_summary(struct ask *, ask_summary_row *, void *arg);
int ask_show(struct ask *, uint64_t id, const struct ask_rows *);
/* A refusal is in *done, not on standard error. */
int ask_order(
    struct ask *, const struct msg_ask_order *, struct msg_order_done *done);
/* The same of a destination. */
int ask_suspend(
    struct ask *, const struct msg_suspend *, struct msg_order_done *done);

/* Each thing that is wrong, then the sum; false: enough. */
typedef bool ask_finding(void *, const struct msg_finding *);
int ask_check(struct ask *a, bool full, ask_finding *finding, void *arg,
    struct msg_checked *sum);

/* The cells of the answer as they come, names first; cell false: enough. */
typedef bool ask_cell(void *, const struct msg_sql_cell *);
int ask_sql(struct ask *, const struct msg_ask_sql *, ask_cell *, void *arg);

/* The answer as it comes, its end too; explained false: it makes no sense. */
typedef bool ask_explained(void *, const struct ipc_type *, const void *msg);
int ask_explain(
    struct ask *, const struct msg_ask_explain *, ask_explained *, void *arg);

#endif
