/* SPDX-License-Identifier: ISC */
/* deliver/probe.h - jobs without a message: what would become of one.
 *
 * queue asks (common/ipc/msg_explain.h).  The job goes the way of all jobs, by
 * the same code, and is over where mail would begin: when it is known which
 * servers would be tried, or, where it is to connect, when one has answered
 * EHLO (after TLS), or none has.
 */
#ifndef DELIVER_PROBE_H
#define DELIVER_PROBE_H

#include "common/ipc/channel.h"
#include "deliver/heard.h"
#include "deliver/job.h"
#include "deliver/refusals.h"
#include "deliver/timers.h"

struct find;

struct probe {
	bool connect;
	bool late;   /* its time is over */
	size_t told; /* sessions */
	struct timers *timers;
	struct timer timer;
	struct heard heard; /* of the session under way */
};

/* Handler of MSG_PROBE, for the table of jobs. */
bool probe_asked(struct channel *, struct conv *, const void *msg, int fd);
void probe_free(struct probe *); /* NULL is welcome */

/* It has so long to find out where; then, to connect. */
void probe_watch(struct job *, struct timers *, void (*expired)(void *job));
/* What was found out by now, with f if anything was asked; servers: and the
 * job has them. */
void probe_tell(const struct job *, const struct find *f, bool servers,
    const struct refusals *);
/* An attempt is over, by whatever became of j->t. */
void probe_session(struct job *, const struct attempt *);
/* Reports j->t.status as the end; the job is gone. */
void probe_finish(struct job *);

#endif
