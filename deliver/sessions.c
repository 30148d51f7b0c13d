/* SPDX-License-Identifier: ISC */
/* deliver/sessions.c - from the addresses of a job to its session.
 *
 * A job waits for its turn at an address, gets a connection (an idle one if
 * there is) and moves on to the next address when that session fails before
 * the message could have been taken.
 */
#include "deliver/sessions.h"

#include "common/base/clock.h"
#include "common/mail/route.h"
#include "common/run/process.h"
#include "deliver/identity.h"
#include "deliver/policy.h"
#include "deliver/probe.h"
#include "deliver/refusals.h"
#include "deliver/server.h"
#include "deliver/socket.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

enum { FAMILY_MS = 250 }; /* RFC 8305 8, Connection Attempt Delay */

static struct {
	struct conns conns;
	struct servers servers;
	struct refusals refusals; /* of TLS */
	struct refusals failures; /* servers that did not come to take mail */
	bool stopping;
} self;

static void serve(struct server *);

static size_t
limit(enum conf_key key)
{
	return (size_t)conf_number(process_conf(), key);
}

void
sessions_end(struct job *j)
{
	event_del(&j->slow);
	j->conn = NULL;
	if (j->probe != NULL)
		probe_finish(j);
	else
		job_finish(j);
}

/* Whoever asks is told of each attempt. */
static void
tell_probe(struct job *j)
{
	if (j->probe != NULL)
		probe_session(j, &j->attempts.list[j->at]);
}

static void
unreachable(struct job *j, int error)
{
	status_later(&j->t.status, 451, 4, 1, "%s", strerror(error));
	j->t.stage = STAGE_CONNECT;
	tell_probe(j);
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
policy_at(const struct job *j, size_t at)
{
	const struct attempt *a = &j->attempts.list[at];

	return policy_of(j, a, refusals_know(&self.refusals, &a->ip, j->port));
}

/* One that this job may use. */
static struct conn *
idle_for(const struct job *j, size_t at, const struct server *s)
{
	const struct conn_policy p = policy_at(j, at);

	return j->fresh_only ? NULL : server_idle(s, &p);
}

static bool
engage_idle(struct job *j, struct server *s)
{
	struct conn *c = idle_for(j, j->at, s);

	if (c == NULL)
		return false;
	TAILQ_REMOVE(&s->idle, c, entry);
	engage(j, c);
	return true;
}

/* NULL with errno. */
static struct conn *
call(const struct job *j, size_t at, struct server *s)
{
	const struct conn_policy p = policy_at(j, at);
	struct conn *c = conn_open(&self.conns, &s->ip, s->port, &p);

	if (c == NULL)
		return NULL;
	c->server = s;
	s->nconns++;
	return c;
}

/* Looked at again in a moment: it may be slow. */
static void
engage_patiently(struct job *j, struct conn *c)
{
	const struct timeval tv = { .tv_usec = 1000 * FAMILY_MS };

	engage(j, c);
	if (attempts_beside(&j->attempts, j->at, j->next))
		event_add(&j->slow, &tv);
}

static bool
engage_new(struct job *j, struct server *s)
{
	struct conn *c = call(j, j->at, s);

	if (c == NULL) {
		unreachable(j, errno);
		return false;
	}
	engage_patiently(j, c);
	return true;
}

static bool
make_room(struct server *s)
{
	return server_room(s, limit(KEY_DESTINATION_CONNECTIONS));
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
		j->at = j->next;
		tell_probe(j);
	}
}

static struct server *
server_at(const struct job *j, size_t at)
{
	return server_of(&self.servers, &j->attempts.list[at].ip, j->port);
}

static void
line_up(struct job *j)
{
	struct server *s = server_at(j, j->at);

	j->server = s;
	j->state = JOB_LINE;
	TAILQ_INSERT_TAIL(&s->line, j, entry_line);
	serve(s);
}

/* On to the next address, if there is one and patience for it. */
void
sessions_next(struct job *j)
{
	pass_over(j);
	if (j->next == j->attempts.n || j->sessions == ATTEMPTS_SESSIONS ||
	    (j->probe != NULL && j->probe->late)) {
		sessions_end(j);
		return;
	}
	j->at = j->next++;
	line_up(j);
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
		if (idle_for(j, j->at, s) == NULL && !make_room(s))
			break;
		TAILQ_REMOVE(&s->line, j, entry_line);
		if (!engage_idle(j, s) && !engage_new(j, s))
			sessions_next(j);
	}
	s->busy = false;
	server_release(s);
}

static void
on_dotted(struct conn *c)
{
	job_dotted(c->job);
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
	refusals_forget(&self.failures, &s->ip, s->port);
	memcpy(j->t.tls, c->tls, sizeof(j->t.tls));
	tell_probe(j);
	if (j->t.more && !self.stopping) {
		engage(j, c);
		return;
	}
	sessions_end(j);
	if (may_rest(c)) {
		TAILQ_INSERT_HEAD(&s->idle, c, entry);
		conn_rest(c);
	} else {
		server_close(c);
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
	bool login_fine = j->t.login == JOB_LOGIN_FINE;

	tell_probe(j);
	/* once: servers lock out who goes on */
	if (!login_fine || j->t.stage == STAGE_DOT ||
	    (j->probe == NULL && !transaction_open(&j->t))) {
		sessions_end(j);
		return;
	}
	j->conn = NULL;
	if (tls_refused && !j->clear) {
		j->clear = true;
		line_up(j);
		return;
	}
	j->clear = false;
	if (reused && !j->fresh_only && j->t.stage == STAGE_CONNECT) {
		j->fresh_only = true;
		line_up(j);
		return;
	}
	j->sessions += welcome;
	sessions_next(j);
}

/* Drops one of a job's two connections. */
static void
give_up(struct conn *c)
{
	struct server *s = c->server;
	bool was_busy = s->busy;

	s->busy = true; /* keeps it */
	server_drop(c);
	s->busy = was_busy;
	serve(s);
}

/* From now on the job has no other connection than this. */
static struct conn *
take_rival(struct job *j)
{
	struct conn *c = j->rival;

	j->rival = NULL;
	j->at = j->rival_at;
	j->server = c->server;
	return c;
}

/* The first of the two that is there. */
static void
on_arrived(struct conn *c)
{
	struct job *j = c->job;
	struct conn *loser = j->rival;

	if (c == j->rival) {
		loser = j->conn;
		refusals_note(&self.failures, &loser->server->ip, j->port);
		take_rival(j);
	}
	j->rival = NULL;
	if (loser != NULL)
		give_up(loser);
	if (j->conn != c)
		engage(j, c); /* it may end at once, and j with it */
}

/* The other family beside what is slow.  False: not that one. */
static bool
challenge(struct job *j, size_t at)
{
	struct server *s = server_at(j, at);
	struct conn *c = idle_for(j, at, s);

	if (c != NULL)
		TAILQ_REMOVE(&s->idle, c, entry);
	else if (make_room(s))
		c = call(j, at, s);
	if (c == NULL) {
		server_release(s);
		return false;
	}
	c->job = j;
	j->rival = c;
	j->rival_at = at;
	if (c->connected) {
		on_arrived(c);
		return true;
	}
	conn_watch(c);
	conn_watch(j->conn);
	return true;
}

static void
challenge_any(struct job *j)
{
	while (attempts_beside(&j->attempts, j->at, j->next))
		if (challenge(j, j->next++))
			return;
}

static void
on_slow(evutil_socket_t fd, short what, void *arg)
{
	struct job *j = arg;

	(void)fd;
	(void)what;
	/* clear text is for the server alone that has spoilt TLS */
	if (j->state == JOB_SESSION && j->rival == NULL && !j->clear &&
	    !conn_is_connected(j->conn))
		challenge_any(j);
}

/* One of the two has failed: the other is left. */
static void
contest_failed(struct job *j, bool rival)
{
	if (!rival) {
		tell_probe(j);
		engage_patiently(j, take_rival(j));
		return;
	}
	j->rival = NULL;
	challenge_any(j);
}

/*
 * Others are asked first for a while: it has let a time limit pass, which
 * costs minutes, or did not come to where mail is sent.  Not if it was our own
 * tls that failed, or our rules or password that were in the way.
 */
static bool
is_to_blame(const struct conn *c)
{
	if (c->late)
		return true;
	if (c->handing)
		return c->tls_refused && !c->client.welcome;
	return !c->client.ready;
}

/* The session is over, for whatever reason. */
static void
part(struct conn *c)
{
	struct server *s = c->server;
	struct job *j = c->job;
	bool reused = c->messages > 0, welcome = c->client.welcome;
	bool was_busy = s->busy, rival = j != NULL && c == j->rival;
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
	if (j != NULL && j->t.login != JOB_LOGIN_FINE)
		identity_refused(j, c->opened_at);
	s->busy = true; /* keeps it */
	server_close(c);
	if (j != NULL && j->rival != NULL)
		contest_failed(j, rival);
	else if (j != NULL)
		job_failed(j, reused, welcome, tls_refused);
	s->busy = was_busy;
	serve(s);
}

static void
on_failed(struct conn *c)
{
	if (is_to_blame(c))
		refusals_note(&self.failures, &c->server->ip, c->server->port);
	part(c);
}

/* In the middle of its session, for our own reasons. */
static void
cut_off(struct job *j, const char *why)
{
	struct conn *rival = j->rival;

	j->rival = NULL;
	if (rival != NULL)
		give_up(rival);
	client_lost(&j->conn->client, why);
	part(j->conn);
}

void
sessions_past_dot(struct job *j, const char *why)
{
	cut_off(j, why);
}

void
sessions_late(struct job *j)
{
	struct server *s = j->server;

	if (j->state == JOB_SESSION) {
		cut_off(j, "no more patience");
		return;
	}
	TAILQ_REMOVE(&s->line, j, entry_line);
	server_release(s);
	status_later(
	    &j->t.status, 451, 4, 1, "no connection has become free in time");
	sessions_end(j);
}

const struct refusals *
sessions_refusals(void)
{
	return &self.refusals;
}

void
sessions_abort(struct job *j)
{
	struct server *s = j->server;

	if (event_initialized(&j->slow))
		event_del(&j->slow);
	if (j->rival != NULL) {
		struct server *other = j->rival->server;

		server_drop(j->rival);
		server_release(other);
	}
	if (j->state == JOB_LINE)
		TAILQ_REMOVE(&s->line, j, entry_line);
	else if (j->state == JOB_SESSION)
		server_drop(j->conn);
	/* nobody in line moves up: all jobs are aborted at a time */
	if (s != NULL)
		server_release(s);
}

void
sessions_socket(uint32_t ticket, int fd, const char *why)
{
	socket_came(&self.conns, ticket, fd, why);
}

bool
sessions_doubt(const void *arg, const struct ip *ip)
{
	const struct job *j = arg;

	return refusals_know(&self.failures, ip, j->port);
}

void
sessions_begin(struct job *j)
{
	event_assign(&j->slow, process_base(), -1, 0, on_slow, j);
}

void
sessions_init(struct timers *timers)
{
	conns_init(&self.conns, process_base(), timers);
	self.conns.hostname = conf_text(process_conf(), KEY_HOSTNAME);
	self.conns.credential = identity_credential();
	self.conns.rate = limit(KEY_DELIVERY_RATE);
	self.conns.life_ms = 1000 * (int64_t)limit(KEY_DELIVERY_TIME);
	self.conns.over = on_over;
	self.conns.arrived = on_arrived;
	self.conns.failed = on_failed;
	self.conns.dotted = on_dotted;
	servers_init(&self.servers);
	refusals_init(&self.refusals, REFUSALS_TLS_SECONDS);
	refusals_init(&self.failures, REFUSALS_CONNECT_SECONDS);
}

void
sessions_stop(void)
{
	self.stopping = true;
}
