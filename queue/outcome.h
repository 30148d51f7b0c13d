/* SPDX-License-Identifier: ISC */
/* queue/outcome.h - what becomes of recipients after an attempt.
 *
 * Turns the statuses of a job into rows: done, failed with a notification,
 * or later by whose clock.  Results are gathered for at most RESULTS_MS or
 * until the next commit goes to the store, whichever is first.
 */
#ifndef QUEUE_OUTCOME_H
#define QUEUE_OUTCOME_H

#include "common/ipc/msg_job.h"
#include "common/mail/status.h"
#include "queue/message.h"

enum { RESULTS_MS = 20 };

/* The recipients of one attempt and what was heard of each. */
struct peer;
struct conv;
struct store_commit;

struct job {
	struct group *group;
	struct store_commit *instead; /* what an address means; or NULL */
	struct job_key key;
	struct peer *worker;
	struct conv *conv; /* NULL once it is over or lost */
	struct {
		uint32_t n;
		bool known;
		bool several; /* a list of them */
		struct status status;
	} * rcpts;
	size_t nrcpts;
	bool dotted; /* somebody may have taken the message: */
	struct msg_dot server;
	int64_t started; /* monotonic, ms */
};

void outcome_init(void);

struct job *job_new(struct group *, size_t nrcpts);
void job_free(struct job *);
/* False: the job has no such recipient, or it is known already. */
bool job_result(struct job *, const struct msg_result *);

/* The status of every recipient not yet known; false: it cannot be one. */
bool job_rest(struct job *, const struct msg_job_done *);

/* The attempt is over, every status known (job_rest).
 * Takes and frees the job. */
void outcome_job(struct job *, const struct msg_job_done *);
/* The worker was lost: tried again, later if that happens again.  It is told
 * whose message may have been taken. */
void outcome_lost(struct job *);
/* The worker stops and gave it back: as if it had not been tried. */
void outcome_returned(struct job *);
/* Without an attempt: expired, or no body.  Takes the group. */
bool outcome_without_attempt(struct group *);
/* The same for one in memory; not if something is under way with it. */
void outcome_expire(struct group *);
/* What is said of each recipient of a group that is too old. */
void outcome_expired_status(const struct group *, struct status *);
void outcome_quarantine(struct group *, const char *why);
/* Without an attempt, for a reason of ours that may pass. Takes the group. */
void outcome_put_off(struct group *, const char *error);
/* Says what the store has set aside. */
struct store_flawed;
void outcome_log_flawed(const struct store_flawed *);
/* Out of the line and memory, to be tried when its destination wakes. */
void outcome_put_back(struct group *);
/* Into its destination's line; put back if that sleeps. */
void outcome_line_up(struct group *);
/* Finds the group's destination by today's routes. */
void outcome_route(struct group *);
/* Gives the store what has been gathered. */
void outcome_flush(void);
/* And what the disk refused before: the last time. */
void outcome_flush_all(void);

#endif
