/* SPDX-License-Identifier: ISC */
/* deliver/driver.c - brings jobs, addresses and connections together.
 *
 * A job finds its addresses, waits for its turn at one, gets a connection
 * (an idle one if there is) and moves on to the next address when that
 * session fails before the message could have been taken.
 */
#include "deliver/driver.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/mail/route.h"
#include "deliver/find.h"
#include "deliver/identity.h"
#include "deliver/own.h"
#include "deliver/policy.h"
#include "deliver/probe.h"
#include "deliver/refusals.h"
#include "deliver/secure.h"
#include "deliver/server.h"
#include "deliver/socket.h"

#include <errno.h>
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
	struct conns conns;
	struct servers servers;
	struct jobs jobs;
	struct asker asker;
	struct refusals refusals;
	struct ourselves us;
	struct ip own[OWN_MAX];
	bool stopping;
} self;

static void serve(struct server *);

static size_t
limit(enum conf_key key)
{
	return (size_t)conf_number(process_conf(), key);
}

static void
finish(struct job *j)
{
	j->conn = NULL;
	if (j->probe != NULL)
		probe_finish(j);
	else
		job_finish(j);
}

/* There is nobody to try. */
static void
nowhere(struct job *j, const struct status *st)
{
	j->t.status = *st;
	j->t.stage = STAGE_ROUTE;
	finish(j);
}

static void
unreachable(struct job *j, int error)
{
	status_later(&j->t.status, 451, 4, 1, "%s", strerror(error));
	j->t.stage = STAGE_CONNECT;
	if (j->probe != NULL)
		probe_session(j, &j->attempts.list[j->next - 1]);
}

static void
engage(struct job *j, struct conn *c)
{
	c->job = j;
	j->conn = c;
	j->state = JOB_SESSION;
	conn_give(c, &j->t, j->fd);
}

static struct conn_policy
policy_now(const struct job *j)
{
	const struct attempt *a = &j->attempts.list[j->next - 1];

	return policy_of(j, a, refusals_know(&self.refusals, &a->ip, j->port));
}

/* One that this job may use. */
static struct conn *
idle_for(const struct job *j, const struct server *s)
{
	const struct conn_policy p = policy_now(j);
	struct conn *c;

	if (j->fresh_only)
		return NULL;
	TAILQ_FOREACH (c, &s->idle, entry)
		if (conn_fits(c, &p))
			return c;
	return NULL;
}

static bool
engage_idle(struct job *j, struct server *s)
{
	struct conn *c = idle_for(j, s);

	if (c == NULL)
		return false;
	TAILQ_REMOVE(&s->idle, c, entry);
	engage(j, c);
	return true;
}

static bool
engage_new(struct job *j, struct server *s)
{
	const struct conn_policy p = policy_now(j);
	struct conn *c = conn_open(&self.conns, &s->ip, s->port, &p);

	if (c == NULL) {
		unreachable(j, errno);
		return false;
	}
	c->server = s;
	s->nconns++;
	engage(j, c);
	return true;
}

static void
close_conn(struct conn *c)
{
	c->server->nconns--;
	conn_quit(c);
}

/* A job that cannot use an idle connection may end one. */
static bool
make_room(struct server *s)
{
	struct conn *c = TAILQ_LAST(&s->idle, conn_list);

	if (s->nconns < limit(KEY_DESTINATION_CONNECTIONS))
		return true;
	if (c == NULL)
		return false;
	TAILQ_REMOVE(&s->idle, c, entry);
	close_conn(c);
	return true;
}

/* Whose TLSA records nobody can give is nobody to send to, now. */
static void
pass_over(struct job *j)
{
	const struct dane *d;

	for (; j->next < j->attempts.n; j->next++) {
		d = j->attempts.list[j->next].dane;
		if (d == NULL || d->state != DANE_TROUBLE)
			return;
		status_later(&j->t.status, 451, 7, 5,
		    "no answer for the TLSA records of %s: %.300s", d->base,
		    d->text);
		j->t.stage = STAGE_CONNECT;
		if (j->probe != NULL)
			probe_session(j, &j->attempts.list[j->next]);
	}
}

/* On to the next address, if there is one and patience for it. */
static void
proceed(struct job *j)
{
	struct server *s;

	pass_over(j);
	if (j->next == j->attempts.n || j->sessions == ATTEMPTS_SESSIONS ||
	    (j->probe != NULL && j->probe->late)) {
		finish(j);
		return;
	}
	s = server_of(&self.servers, &j->attempts.list[j->next].ip, j->port);
	j->next++;
	j->server = s;
	j->state = JOB_LINE;
	TAILQ_INSERT_TAIL(&s->line, j, entry_line);
	serve(s);
}

/*
 * Gives connections to those in line.  What happens meanwhile may call this
 * again for the same server: the outermost call does all the work.
 */
static void
serve(struct server *s)
{
	struct job *j;

	if (s->busy)
		return;
	s->busy = true;
	while ((j = TAILQ_FIRST(&s->line)) != NULL) {
		if (idle_for(j, s) == NULL && !make_room(s))
			break;
		TAILQ_REMOVE(&s->line, j, entry_line);
		if (!engage_idle(j, s) && !engage_new(j, s))
			proceed(j);
	}
	s->busy = false;
	server_release(s);
}

/* For a further message. */
static bool
may_rest(const struct conn *c)
{
	int64_t age = clock_mono_ms() - c->opened_at;

	return c->client.fit && !self.stopping &&
	       self.conns.n <= limit(KEY_TOTAL_CONNECTIONS) &&
	       c->messages < limit(KEY_CONNECTION_MESSAGES) &&
	       age < (int64_t)limit(KEY_CONNECTION_AGE) * 1000;
}

static void
on_over(struct conn *c)
{
	struct server *s = c->server;
	struct job *j = c->job;

	c->job = NULL;
	memcpy(j->t.tls, c->tls, sizeof(j->t.tls));
	if (j->probe != NULL)
		probe_session(j, &j->attempts.list[j->next - 1]);
	if (j->t.more && !self.stopping) {
		engage(j, c);
		return;
	}
	finish(j);
	if (may_rest(c)) {
		TAILQ_INSERT_HEAD(&s->idle, c, entry);
		conn_rest(c);
	} else {
		close_conn(c);
	}
	serve(s);
}

/*
 * The session failed under a job.  Past the dot nobody else is asked: the
 * server may have taken the message.  An idle connection that turns out to
 * be dead says nothing about the server: once more, by a new one.
 */
static void
job_failed(struct job *j, bool reused, bool welcome, bool tls_refused)
{
	if (j->t.login_refused) /* once: servers lock out who goes on */
		identity_log_refused(j);
	if (j->probe != NULL)
		probe_session(j, &j->attempts.list[j->next - 1]);
	if (j->t.login_refused || j->t.stage == STAGE_DOT ||
	    (j->probe == NULL && !transaction_open(&j->t))) {
		finish(j);
		return;
	}
	j->conn = NULL;
	if (tls_refused && !j->clear) {
		j->clear = true;
		j->next--;
		proceed(j);
		return;
	}
	j->clear = false;
	if (reused && !j->fresh_only && j->t.stage == STAGE_CONNECT) {
		j->fresh_only = true;
		j->next--;
	} else if (welcome) {
		j->sessions++;
	}
	proceed(j);
}

static void
on_failed(struct conn *c)
{
	struct server *s = c->server;
	struct job *j = c->job;
	bool reused = c->messages > 0, welcome = c->client.welcome;
	bool was_busy = s->busy;
	/* with the server that there is clear text, in a new connection, and
	 * for a while without asking again */
	bool tls_refused =
	    c->tls_refused && c->policy.route.tls == ROUTE_TLS_OPPORTUNISTIC;

	if (tls_refused)
		refusals_note(&self.refusals, &s->ip, s->port);

	if (j == NULL)
		TAILQ_REMOVE(&s->idle, c, entry);
	else
		memcpy(j->t.tls, c->tls, sizeof(j->t.tls));
	s->busy = true; /* keeps it */
	close_conn(c);
	if (j != NULL)
		job_failed(j, reused, welcome, tls_refused);
	s->busy = was_busy;
	serve(s);
}

static void on_late(void *);

/* It is known whom to try.  f: by what was asked; NULL: nothing was. */
static void
go(struct job *j, const struct find *f)
{
	if (j->probe != NULL)
		probe_tell(j, f, true, &self.refusals);
	if (j->probe == NULL) {
		proceed(j);
	} else if (j->probe->connect) {
		probe_watch(j, &self.timers, on_late);
		proceed(j);
	} else {
		status_done(&j->t.status, 250, 0, 0, "known");
		finish(j);
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
			probe_tell(j, f, false, &self.refusals);
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

static void
job_start(struct job *j)
{
	const struct routing routing = conf_routing(process_conf());
	bool mx = j->transport == TRANSPORT_MX;
	const char *host = route_hop_host(j->host);
	struct status st;

	j->policy = route_policy(
	    &routing, (enum transport)j->transport, j->host, j->port);

	j->state = JOB_FIND;
	if (self.stopping)
		return;
	if (j->probe != NULL)
		probe_watch(j, &self.timers, on_late);
	if (!identity_fits(j, &st))
		nowhere(j, &st);
	else if (hop_is_socket((enum transport)j->transport, j->host))
		start_socket(j);
	else if (mx ? !domain_is_literal(view_of(host))
		    : !attempts_literals(&j->attempts, host))
		job_find(j, host, mx);
	else if (!mx || attempts_literal(&j->attempts, host, &self.us, &st))
		go(j, NULL);
	else
		nowhere(j, &st);
}

static void
job_abort(struct job *j)
{
	struct server *s = j->server;

	find_free(j->find);
	j->find = NULL;
	if (j->state == JOB_LINE) {
		TAILQ_REMOVE(&s->line, j, entry_line);
	} else if (j->state == JOB_SESSION) {
		s->nconns--;
		conn_drop(j->conn);
	}
	/* nobody in line moves up: all jobs are aborted at a time */
	if (s != NULL)
		server_release(s);
}

void
driver_hop(uint32_t ticket, int fd, const char *why)
{
	socket_came(&self.conns, ticket, fd, why);
}

/* A probe has found out what it could in its time. */
static void
on_late(void *arg)
{
	struct job *j = arg;
	struct server *s = j->server;

	j->probe->late = true;
	if (j->state == JOB_SESSION) {
		client_lost(&j->conn->client, "no more patience");
		on_failed(j->conn);
		return;
	}
	if (j->state == JOB_FIND) {
		probe_tell(j, j->find, false, &self.refusals);
		find_free(j->find);
		j->find = NULL;
		status_later(&j->t.status, 451, 4, 3,
		    "the DNS takes too long to say where");
	} else {
		TAILQ_REMOVE(&s->line, j, entry_line);
		server_release(s);
		status_later(&j->t.status, 451, 4, 1,
		    "no connection has become free in time");
	}
	finish(j);
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

static void
on_stop_timer(void *arg)
{
	(void)arg;
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
	conns_init(&self.conns, process_base(), &self.timers);
	self.conns.hostname = self.us.hostname;
	self.conns.credential = identity_credential();
	self.conns.over = on_over;
	self.conns.failed = on_failed;
	servers_init(&self.servers);
	asker_init(&self.asker, &self.timers);
	jobs_init(&self.jobs);
	self.jobs.start = job_start;
	self.jobs.abort = job_abort;
	self.jobs.past_dot = job_past_dot;
}

static bool
waits_for_dot(void)
{
	struct job *j;

	TAILQ_FOREACH (j, &self.jobs.all, entry)
		if (job_past_dot(j))
			return true;
	return false;
}

void
driver_turn(void)
{
	asker_turn(&self.asker);
	jobs_turn(&self.jobs);
	if (self.stopping && !waits_for_dot())
		process_exit();
}

void
driver_stop(void)
{
	self.stopping = true;
	jobs_retire(&self.jobs);
	timer_set(&self.timers, &self.stop, STOP_WAIT);
}
