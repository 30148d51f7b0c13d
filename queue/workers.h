/* SPDX-License-Identifier: ISC */
/* queue/workers.h - the deliver workers, and which of them gets a job.
 *
 * Those that log in nowhere share the work; the route of a login has a worker
 * of its own, which alone has the password.
 */
#ifndef QUEUE_WORKERS_H
#define QUEUE_WORKERS_H

#include "common/run/process.h"
#include "queue/schedule.h"

/* What we keep of a worker. */
struct worker {
	size_t njobs;
	bool asked; /* MSG_HELD_ASK is unanswered */
	bool retired;
	/* of a login: */
	bool renewed;    /* what it said, and was not acted on yet */
	int64_t woke_at; /* when that was done last, monotonic, ms */
};

struct worker *worker_of(const struct peer *);
/* Its number in what it proves later, whatever its class. */
uint32_t worker_number(const struct peer *);
/* Some worker without a login can be given a job. */
bool workers_any(void);
/* The one for this destination; NULL: it cannot be given a job now. */
struct peer *workers_choose(const struct destination *);

#endif
