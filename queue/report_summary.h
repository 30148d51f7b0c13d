/* SPDX-License-Identifier: ISC */
/* queue/report_summary.h - the queue by destination, counted in slices.
 *
 * First every group is looked at, then the destinations are told, the one
 * with most messages first.  What comes and goes meanwhile may be counted or
 * not.
 */
#ifndef QUEUE_REPORT_SUMMARY_H
#define QUEUE_REPORT_SUMMARY_H

#include "queue/report_rows.h"

struct summary; /* one question */

struct summary_out {
	void (*row)(void *, const struct msg_summary *);
	bool (*full)(void *);
	void *arg;
};

/* The path is lent.  all: everybody's messages, not only those of uid. */
struct summary *summary_new(const char *path, bool all, uint32_t uid);
void summary_free(struct summary *); /* NULL is welcome */
/* ROWS_GO_ON, ROWS_OVER or ROWS_FAILED. */
enum rows_result summary_slice(struct summary *, const struct summary_out *);
const char *summary_error(const struct summary *, uint16_t *code);

#endif
