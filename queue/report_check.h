/* SPDX-License-Identifier: ISC */
/* queue/report_check.h - postern check: queue is asked piece by piece.
 *
 * Orders of an operator only; the caller sees to that.
 */
#ifndef QUEUE_REPORT_CHECK_H
#define QUEUE_REPORT_CHECK_H

#include "common/ipc/msg_check.h"
#include "common/run/process.h"

struct check;

struct check_out {
	void (*finding)(void *, const struct msg_finding *);
	void (*end)(void *, const struct msg_checked *);
	bool (*full)(void *); /* no more for now: check_go_on() follows */
	void *arg;
};

/* NULL: it was answered at once. */
struct check *check_start(bool full, const struct check_out *);
/* There is room again. */
void check_go_on(struct check *);
/* The one who asked is gone. */
void check_forget(struct check *);

/* What queue says of it: rows of report's table, and the loss of queue. */
bool check_on_finding(struct channel *, struct conv *, const void *, int);
bool check_on_end(struct channel *, struct conv *, const void *, int);
void check_on_lost(struct conv *);

#endif
