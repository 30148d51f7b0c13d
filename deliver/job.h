/* SPDX-License-Identifier: ISC */
/* deliver/job.h - jobs from queue, and what becomes of them.
 *
 * The side that talks with queue: takes jobs, reports results, and when
 * queue is lost keeps those past their final dot until the next queue has
 * asked for them (common/ipc/msg_job.h).  How a job is done is the driver's.
 */
#ifndef DELIVER_JOB_H
#define DELIVER_JOB_H

#include "common/ipc/channel.h"
#include "common/mail/route.h"
#include "deliver/attempts.h"
#include "deliver/transaction.h"

#include <event2/event_struct.h>
#include <sys/queue.h>

enum {
	JOB_RCPTS_MAX = 2000, /* more in one job break the rules */
	JOB_RULES = 4
};

enum job_state {
	JOB_GATHER,  /* recipients are coming */
	JOB_FIND,    /* addresses are asked for */
	JOB_LINE,    /* for a free connection */
	JOB_SESSION, /* has one */
	JOB_KEPT     /* finished, and no queue to tell yet */
};

struct job {
	TAILQ_ENTRY(job) entry;
	TAILQ_ENTRY(job) entry_line; /* of a server */
	struct jobs *jobs;
	enum job_state state;
	struct job_key key;
	struct conv *conv; /* NULL: the queue that gave it is gone */
	int fd;            /* the body */
	size_t want;       /* recipients in all */
	uint8_t transport;
	uint16_t port;
	char host[MSG_HOST_MAX + 1]; /* next hop */
	struct transaction t;
	bool dotted; /* queue was told of the first final dot */

	/* the driver's */
	struct attempts attempts;
	size_t next;     /* attempts made */
	size_t at;       /* the present one, or the last */
	size_t sessions; /* of those that were greeted */
	struct route_policy policy;
	bool clear;      /* TLS has failed with this server, and need not be */
	bool fresh_only; /* an idle connection was dead already */
	struct probe *probe; /* no message: what would become of one */
	struct find *find;
	struct server *server; /* in its line, or last tried */
	struct conn *conn;
	struct event slow;  /* it is time to try the other family beside it */
	struct conn *rival; /* which is this, until one of them is there */
	size_t rival_at;
};

struct jobs {
	struct channel *queue; /* NULL: not there */
	bool told; /* this queue has heard what we hold: late results may go */
	size_t n;
	size_t kept;
	TAILQ_HEAD(, job) all;
	void (*start)(struct job *); /* every recipient is there */
	void (*abort)(struct job *); /* let go of all that it uses */
	bool (*past_dot)(const struct job *);
};

void jobs_init(struct jobs *);
/* One without a message, for deliver/probe.c. */
struct job *job_new(struct jobs *, struct conv *);
void job_free(struct job *);
/* Can there be such a next hop? */
bool job_hop_sound(uint8_t transport, const char *host, uint16_t port);
/* queue is there, or (NULL) gone: jobs before their final dot are ended. */
void jobs_attach(struct jobs *, struct channel *);
/* Gives back every job that is before its final dot, and wants no more. */
void jobs_retire(struct jobs *);
/* Reports what was kept. Call once per loop turn. */
void jobs_turn(struct jobs *);
/* A final dot has gone out: whoever asks what became of a lost job knows. */
void job_dotted(struct job *);
/* Every recipient has a status: reported, or kept; do not touch it after. */
void job_finish(struct job *);

/* The rules of the channel to queue; the owner's peer->data is the jobs. */
extern const struct channel_rule job_rules[JOB_RULES];
struct jobs *jobs_of(const struct channel *); /* the driver has it */

#endif
