/* SPDX-License-Identifier: ISC */
/* deliver/driver.c - brings jobs, addresses and connections together.
 *
 * A job finds its addresses, and sessions.c goes on from there.
 */
#include "deliver/driver.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/mail/route.h"
#include "deliver/find.h"
#include "deliver/identity.h"
#include "deliver/own.h"
#include "deliver/policy.h"
#include "deliver/probe.h"
#include "deliver/secure.h"
#include "deliver/sessions.h"

#include <string.h>
#include <sys/resource.h>

enum {
	OWN_MAX = 256,
	STOP_WAIT = 5, /* seconds for the answers to final dots */
	DESCRIPTORS = 16384
};

static struct {
	struct timers timers;
	struct timer stop;
	struct jobs jobs;
	struct asker asker;
	struct ourselves us;
	struct ip own[OWN_MAX];
	bool stopping;
} self;

/* There is nobody to try. */
static void
nowhere(struct job *j, const struct status *st)
{
	j->t.status = *st;
	j->t.stage = STAGE_ROUTE;
	sessions_end(j);
}

static void on_late(void *);

/* It is known whom to try.  f: by what was asked; NULL: nothing was. */
static void
go(struct job *j, const struct find *f)
{
	if (j->probe != NULL)
		probe_tell(j, f, true, sessions_refusals());
	if (j->probe == NULL) {
		sessions_next(j);
	} else if (j->probe->connect) {
		probe_watch(j, &self.timers, on_late);
		sessions_next(j);
	} else {
		status_done(&j->t.status, 250, 0, 0, "known");
		sessions_end(j);
	}
}

static void
on_found(struct find *f, bool found, const struct status *st)
{
	struct job *j = f->arg;

	j->find = NULL;
	if (found) {
		j->attempts = f->attempts;
		f->attempts.n = 0; /* they are the job's */
		go(j, f);
	} else {
		if (j->probe != NULL)
			probe_tell(j, f, false, sessions_refusals());
		nowhere(j, st);
	}
	find_free(f);
}

static void
job_find(struct job *j, const char *host, bool mx)
{
	j->find = mx ? find_mx(&self.asker, &self.us, host, on_found, j)
		     : find_hosts(&self.asker, &self.us, host, on_found, j);
	j->find->tlsa_port = policy_tlsa_port(j);
	j->find->doubt = (struct doubt){ sessions_doubt, j };
}

/* Its port is from now on the place of its route: see conn_open(). */
static void
start_socket(struct job *j)
{
	const struct routing routing = conf_routing(process_conf());
	size_t place = route_socket(&routing, j->host);
	struct attempt *a = &j->attempts.list[0];
	struct status st;

	if (place == 0) {
		status_later(&st, 451, 3, 5, "no route leads there any more");
		nowhere(j, &st);
		return;
	}
	j->port = (uint16_t)place;
	memcpy(a->host, j->host, sizeof(a->host));
	j->attempts.n = 1;
	go(j, NULL);
}

/* We have no login to give. */
static void
unfit(struct job *j, const struct status *st)
{
	if (j->probe != NULL)
		probe_tell(j, NULL, false, sessions_refusals());
	nowhere(j, st);
}

static void
job_start(struct job *j)
{
	const struct routing routing = conf_routing(process_conf());
	bool mx = j->transport == TRANSPORT_MX;
	const char *host = route_hop_host(j->host);
	const struct doubt doubt = { sessions_doubt, j };
	struct status st;

	sessions_begin(j);
	j->policy = route_policy(
	    &routing, (enum transport)j->transport, j->host, j->port);

	j->state = JOB_FIND;
	if (self.stopping)
		return;
	if (j->probe != NULL)
		probe_watch(j, &self.timers, on_late);
	if (!identity_fits(j, &st))
		unfit(j, &st);
	else if (hop_is_socket((enum transport)j->transport, j->host))
		start_socket(j);
	else if (mx ? !domain_is_literal(view_of(host))
		    : !attempts_literals(&j->attempts, host, &doubt))
		job_find(j, host, mx);
	else if (!mx || attempts_literal(&j->attempts, host, &self.us, &st))
		go(j, NULL);
	else
		nowhere(j, &st);
}

static void
job_abort(struct job *j)
{
	find_free(j->find);
	j->find = NULL;
	sessions_abort(j);
}

void
driver_hop(uint32_t ticket, int fd, const char *why)
{
	sessions_socket(ticket, fd, why);
}

/* A probe has found out what it could in its time. */
static void
on_late(void *arg)
{
	struct job *j = arg;

	j->probe->late = true;
	if (j->state != JOB_FIND) {
		sessions_late(j);
		return;
	}
	probe_tell(j, j->find, false, sessions_refusals());
	find_free(j->find);
	j->find = NULL;
	status_later(
	    &j->t.status, 451, 4, 3, "the DNS takes too long to say where");
	sessions_end(j);
}

static bool
job_past_dot(const struct job *j)
{
	return j->state == JOB_SESSION && conn_past_dot(j->conn);
}

struct jobs *
jobs_of(const struct channel *ch)
{
	const struct peer *p = channel_owner(ch);

	return p->data;
}

static void
queue_attached(struct peer *p)
{
	p->data = &self.jobs;
	jobs_attach(&self.jobs, p->channel);
}

static void
queue_lost(struct peer *p)
{
	(void)p;
	jobs_attach(&self.jobs, NULL);
}

static void
resolve_attached(struct peer *p)
{
	asker_attach(&self.asker, p->channel);
}

static void
resolve_lost(struct peer *p)
{
	(void)p;
	asker_attach(&self.asker, NULL);
}

const struct peer_def driver_peers[DRIVER_PEERS] = {
	{ .kind = PEER_QUEUE,
	    .rules = job_rules,
	    .nrules = JOB_RULES,
	    .attached = queue_attached,
	    .lost = queue_lost },
	{ .kind = PEER_RESOLVE,
	    .rules = ask_rules,
	    .nrules = ASK_RULES,
	    .attached = resolve_attached,
	    .lost = resolve_lost },
	{ .kind = PEER_TLS,
	    .rules = secure_rules,
	    .nrules = SECURE_RULES,
	    .conv_lost = secure_lost },
};

void
driver_prepare(void)
{
	struct rlimit r;

	self.us.nown = own_addresses(self.own, OWN_MAX);
	self.us.own = self.own;
	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		fatal("getrlimit: %m");
	if (r.rlim_cur < DESCRIPTORS) {
		r.rlim_cur =
		    r.rlim_max < DESCRIPTORS ? r.rlim_max : DESCRIPTORS;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* NULL: no answer to a dot is waited for. */
static struct job *
any_past_dot(void)
{
	struct job *j;

	TAILQ_FOREACH (j, &self.jobs.all, entry)
		if (job_past_dot(j))
			return j;
	return NULL;
}

/* Nobody will know whether these were taken: queue is told so. */
static void
on_stop_timer(void *arg)
{
	struct job *j;

	(void)arg;
	while ((j = any_past_dot()) != NULL)
		sessions_past_dot(j, "stopped");
	process_exit();
}

void
driver_start(void)
{
	const struct conf *conf = process_conf();

	self.us.hostname = conf_text(conf, KEY_HOSTNAME);
	self.us.allow = conf->mx_allow;
	self.us.nallow = conf->nmx_allow;
	timers_init(&self.timers, process_base());
	timer_init(&self.stop, on_stop_timer, NULL);
	sessions_init(&self.timers);
	asker_init(&self.asker, &self.timers);
	jobs_init(&self.jobs);
	self.jobs.start = job_start;
	self.jobs.abort = job_abort;
	self.jobs.past_dot = job_past_dot;
}

void
driver_turn(void)
{
	asker_turn(&self.asker);
	jobs_turn(&self.jobs);
	identity_turn(self.jobs.queue);
	if (self.stopping && any_past_dot() == NULL)
		process_exit();
}

void
driver_stop(void)
{
	self.stopping = true;
	sessions_stop();
	jobs_retire(&self.jobs);
	timer_set(&self.timers, &self.stop, STOP_WAIT);
}
