/* SPDX-License-Identifier: ISC */
/* queue/dispatch.c - jobs for the deliver workers.
 *
 * A worker can report on jobs that it was given, and by their tokens on those
 * that a former queue gave it; on nothing else.
 */
#include "queue/dispatch.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/ipc/msg_explain.h"
#include "common/ipc/msg_job.h"
#include "queue/embargo.h"
#include "queue/expand.h"
#include "queue/explain.h"
#include "queue/outcome.h"
#include "queue/renewed.h"
#include "queue/start.h"
#include "queue/store.h"
#include "queue/token.h"
#include "queue/window.h"
#include "queue/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	RCPTS_PER_JOB = GROUP_RCPTS, /* recipients of one transaction */
	PARKED_MS = 60 * 1000,
	LATE_TRIES = 10, /* then its recipients are tried again */
	IN_JOB = CONV_A, /* phases of a conversation */
	IN_HELD = CONV_B,
	IN_LATE = CONV_C
};

/* Taken from its line, its body open, and nobody there to be given it. */
struct parked {
	struct group *group;
	int64_t since; /* monotonic, ms */
	TAILQ_ENTRY(parked) entry;
};

TAILQ_HEAD(parked_list, parked);

static struct parked_list parking = TAILQ_HEAD_INITIALIZER(parking);

static size_t
count_untried(const struct group *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->nrcpts; i++)
		if (!g->rcpts[i].tried)
			n++;
	return n < RCPTS_PER_JOB ? n : RCPTS_PER_JOB;
}

static struct job *
job_make(struct group *g)
{
	struct job *j = job_new(g, count_untried(g));

	for (size_t i = 0; i < g->nrcpts && j->nrcpts < RCPTS_PER_JOB; i++) {
		if (g->rcpts[i].tried)
			continue;
		g->rcpts[i].tried = true;
		j->rcpts[j->nrcpts++].n = g->rcpts[i].n;
	}
	return j;
}

static void
rcpt_fill(const struct rcpt *r, struct msg_job_rcpt *m)
{
	memset(m, 0, sizeof(*m));
	m->n = r->n;
	m->notify = r->notify;
	(void)view_copy(view_of(r->address), m->address, sizeof(m->address));
	if (r->orcpt != NULL)
		(void)view_copy(view_of(r->orcpt), m->orcpt, sizeof(m->orcpt));
	else if (r->original != NULL)
		snprintf(m->orcpt, sizeof(m->orcpt), "rfc822;%s", r->original);
	if (!orcpt_sound(m->orcpt)) /* RFC 3461 knows ASCII alone */
		m->orcpt[0] = '\0';
}

static void
send_rcpts(const struct job *j)
{
	const struct group *g = j->group;
	struct msg_job_rcpt m;
	size_t i = 0;

	for (size_t k = 0; k < j->nrcpts; k++) {
		while (g->rcpts[i].n != j->rcpts[k].n)
			i++;
		rcpt_fill(&g->rcpts[i], &m);
		channel_send(
		    j->worker->channel, j->conv, &msg_job_rcpt, &m, -1);
	}
}

static void
job_send(struct job *j, int fd)
{
	const struct group *g = j->group;
	const struct destination *d = g->destination;
	struct msg_job m = { 0 };

	j->key.message = g->message->id;
	j->key.group = g->n;
	j->key.attempt = g->attempts;
	j->key.worker = worker_number(j->worker);
	token_make(store_key(), &j->key);
	m.key = j->key;
	m.size = g->message->size;
	m.flags = g->message->flags;
	m.nrcpts = (uint32_t)j->nrcpts;
	m.ret = g->message->ret;
	(void)view_copy(view_of(g->message->envid), m.envid, sizeof(m.envid));
	m.transport = (uint8_t)d->transport;
	m.port = d->port;
	(void)view_copy(view_of(d->host), m.host, sizeof(m.host));
	(void)view_copy(
	    view_of(g->message->sender), m.sender, sizeof(m.sender));
	j->conv = channel_open(j->worker->channel, &msg_job, &m, fd, IN_JOB, j);
	send_rcpts(j);
}

/* NULL, or why the body that is open is not the one that was accepted. */
static const char *
body_flaw(const struct message *m)
{
	struct stat st;

	if (fstat(m->fd, &st) == -1 || !S_ISREG(st.st_mode))
		return "its body is not a file";
	/* what came behind it is never read: smtpd may only append */
	return (uint64_t)st.st_size < m->size
		   ? "its body is shorter than what was accepted"
		   : NULL;
}

static void
start(struct group *g, struct peer *worker)
{
	const char *flaw = body_flaw(g->message);
	struct job *j;
	int fd;

	if (flaw != NULL) {
		outcome_quarantine(g, flaw);
		return;
	}
	fd = fcntl(g->message->fd, F_DUPFD_CLOEXEC, 0);
	j = job_make(g);
	j->worker = worker;
	g->job = j;
	if (fd == -1) {
		log_warn("no descriptor for a job: %m");
		outcome_lost(j);
		return;
	}
	worker_of(worker)->njobs++;
	job_send(j, fd);
}

/* Waits for the worker of its route, if that is not there for the moment. */
static void
park(struct group *g)
{
	struct parked *p = mem_zero(1, sizeof(*p));

	p->group = g;
	p->since = clock_mono_ms();
	TAILQ_INSERT_TAIL(&parking, p, entry);
}

static void
launch(struct group *g)
{
	struct peer *worker = workers_choose(g->destination);

	if (worker == NULL)
		park(g);
	else
		start(g, worker);
}

/* Those that waited and need not any more, or no longer will. */
static void
unpark(void)
{
	struct parked_list list = TAILQ_HEAD_INITIALIZER(list);
	int64_t now = clock_mono_ms();
	struct parked *p;

	TAILQ_CONCAT(&list, &parking, entry);
	while ((p = TAILQ_FIRST(&list)) != NULL) {
		struct group *g = p->group;

		TAILQ_REMOVE(&list, p, entry);
		if (workers_choose(g->destination) == NULL &&
		    now < p->since + PARKED_MS) {
			TAILQ_INSERT_TAIL(&parking, p, entry);
			continue;
		}
		mem_free(p);
		if (workers_choose(g->destination) == NULL)
			outcome_put_off(
			    g, "451 4.3.0 the process of its route is missing");
		else
			start(g, workers_choose(g->destination));
	}
}

/* Its body is open now, or cannot be opened. */
static void
on_open(struct store_op *op)
{
	struct group *g = op->owner;
	bool failed = op->failed;
	int error = op->error;

	store_op_free(op);
	if (failed && error == ENOENT) {
		outcome_quarantine(g, "its body is missing");
	} else if (failed && error == ELOOP) {
		outcome_quarantine(g, "its body cannot be opened");
	} else if (failed) {
		log_warn("a body cannot be opened now: %s", strerror(error));
		outcome_put_off(g, "451 4.3.0 its body cannot be opened now");
	} else {
		launch(g);
	}
}

static void
open_body(struct group *g)
{
	struct store_op *op = store_op_new(STORE_OPEN, on_open, g);

	op->u.open = g->message;
	store_submit(op);
}

void
dispatch_run(void)
{
	struct group *g;

	unpark();
	while (workers_any() && (g = schedule_next(window_schedule(),
				     clock_wall_ms())) != NULL) {
		if (outcome_without_attempt(g))
			continue;
		if (expand_is_destination(g->destination)) {
			expand_start(g);
			continue;
		}
		if (g->message->fd == -1)
			open_body(g);
		else
			launch(g);
	}
	window_pace();
}

static bool
on_result(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)fd;
	return conv->object != NULL && job_result(conv->object, msg);
}

static bool
on_dot(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct job *j = conv->object;

	(void)ch;
	(void)fd;
	if (j == NULL || j->dotted)
		return false;
	j->dotted = true;
	j->server = *(const struct msg_dot *)msg;
	return true;
}

static bool
on_done(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_job_done *m = msg;
	struct peer *p = channel_owner(ch);
	struct job *j = conv->object;

	(void)fd;
	if (!job_rest(j, m))
		return false;
	conv->object = NULL;
	worker_of(p)->njobs--;
	outcome_job(j, m);
	dispatch_run();
	return true;
}

static bool
on_held(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_held *m = msg;
	struct peer *p = channel_owner(ch);

	(void)conv;
	(void)fd;
	if (!token_right(store_key(), &m->key) ||
	    m->key.worker != worker_number(p))
		return false;
	if (!embargo_add(&m->key, p))
		return true;
	log_begin("held-by-worker");
	log_id("id", m->key.message);
	log_u64("worker", p->index);
	log_end();
	return true;
}

static bool
on_held_end(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct peer *p = channel_owner(ch);

	(void)conv;
	(void)msg;
	(void)fd;
	worker_of(p)->asked = false;
	start_check();
	dispatch_run();
	return true;
}

static bool
on_retire(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct peer *p = channel_owner(ch);

	(void)conv;
	(void)msg;
	(void)fd;
	worker_of(p)->retired = true;
	return true;
}

static bool
on_renewed(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)conv;
	(void)msg;
	(void)fd;
	return renewed_heard(channel_owner(ch));
}

/* A finished job of a former queue: the group is read, then judged. */
struct late {
	struct job_key key;
	struct msg_result *results;
	size_t n, size;
	struct msg_job_done done;
	unsigned int tries; /* at reading its group */
};

static void
late_free(struct late *l)
{
	mem_free(l->results);
	mem_free(l);
}

static bool
on_late(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_late *m = msg;
	struct peer *p = channel_owner(ch);
	struct late *l;

	(void)fd;
	if (!token_right(store_key(), &m->key) ||
	    m->key.worker != worker_number(p) || m->nrcpts == 0 ||
	    m->nrcpts > RCPTS_PER_JOB)
		return false;
	l = mem_zero(1, sizeof(*l));
	l->key = m->key;
	l->size = m->nrcpts;
	l->results = mem_zero(l->size, sizeof(*l->results));
	conv->object = l;
	return true;
}

static bool
on_late_result(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct late *l = conv->object;

	(void)ch;
	(void)fd;
	if (l->n == l->size)
		return false;
	l->results[l->n++] = *(const struct msg_result *)msg;
	return true;
}

static void
late_judge(struct group *g, const struct late *l)
{
	struct job *j = job_new(g, l->n);

	for (size_t i = 0; i < l->n; i++) {
		j->rcpts[j->nrcpts++].n = l->results[i].rcpt;
		if (!job_result(j, &l->results[i]))
			j->nrcpts--;
		for (size_t k = 0; k < g->nrcpts; k++)
			if (g->rcpts[k].n == l->results[i].rcpt)
				g->rcpts[k].tried = true;
	}
	/* counted as open for a moment, since its end is what is reported */
	schedule_hold(window_schedule(), g);
	window_add(g);
	schedule_take(window_schedule(), g);
	g->job = j;
	outcome_job(j, &l->done);
}

static void
on_late_group(struct store_op *op)
{
	struct late *l = op->owner;
	struct group *g = op->u.get->group;

	if (op->failed && ++l->tries < LATE_TRIES) {
		op->failed = false;
		store_submit(op);
		return;
	}
	embargo_lift(l->key.message, l->key.group);
	/* in memory: it was thought lost, and is tried already */
	if (g != NULL && g->nrcpts > 0 &&
	    window_find(g->message->id, g->n) == NULL)
		outcome_route(g);
	if (g != NULL && g->destination != NULL)
		late_judge(g, l);
	else if (g != NULL)
		group_free(g);
	outcome_log_flawed(&op->u.get->flawed);
	late_free(l);
	store_op_free(op);
	window_look();
}

static bool
on_late_done(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct late *l = conv->object;
	struct store_op *op;

	(void)ch;
	(void)fd;
	if (l->n != l->size)
		return false;
	l->done = *(const struct msg_job_done *)msg;
	conv->object = NULL;
	op = store_op_new(STORE_GET, on_late_group, l);
	op->u.get->message = l->key.message;
	op->u.get->n = l->key.group;
	store_submit(op);
	return true;
}

/* One handler a type; the phase says whose conversation it is. */
static bool
on_any_result(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	return conv->phase == IN_LATE ? on_late_result(ch, conv, msg, fd)
				      : on_result(ch, conv, msg, fd);
}

static bool
on_any_done(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	return conv->phase == IN_LATE ? on_late_done(ch, conv, msg, fd)
				      : on_done(ch, conv, msg, fd);
}

static void
on_conv_lost(struct channel *ch, struct conv *conv)
{
	struct peer *p = channel_owner(ch);

	if (conv->object == NULL)
		return;
	if (conv->phase == EXPLAIN_PROBE) {
		explain_lost(conv);
		return;
	}
	if (conv->phase == IN_LATE) {
		late_free(conv->object);
		return;
	}
	worker_of(p)->njobs--;
	if (worker_of(p)->retired && !((struct job *)conv->object)->dotted)
		outcome_returned(conv->object);
	else
		outcome_lost(conv->object);
}

static void
on_attached(struct peer *p)
{
	if (p->data == NULL)
		p->data = mem_zero(1, sizeof(struct worker));
	worker_of(p)->njobs = 0;
	worker_of(p)->asked = true;
	worker_of(p)->retired = false;
	channel_open(p->channel, &msg_held_ask, NULL, -1, IN_HELD, NULL);
}

static void
on_lost(struct peer *p)
{
	if (worker_of(p) != NULL)
		worker_of(p)->asked = false;
	if (embargo_lift_peer(p))
		window_look();
	start_check();
	dispatch_run();
}

static void
on_drained(struct channel *ch)
{
	(void)ch;
	dispatch_run();
}

bool
dispatch_settled(void)
{
	struct peer *p;

	for (size_t n = 0; (p = process_peer(PEER_DELIVER, n)) != NULL; n++)
		if (p->channel != NULL &&
		    (worker_of(p) == NULL || worker_of(p)->asked))
			return false;
	return true;
}

/* clang-format off */
static const struct channel_rule rules[] = {
	{ &msg_result, on_any_result, IN_JOB | IN_LATE, 0 },
	{ &msg_dot, on_dot, IN_JOB, 0 },
	{ &msg_job_done, on_any_done, IN_JOB | IN_LATE, CONV_END },
	{ &msg_held, on_held, IN_HELD, IN_HELD },
	{ &msg_held_end, on_held_end, IN_HELD, CONV_END },
	{ &msg_late, on_late, CONV_NEW, IN_LATE },
	{ &msg_retire, on_retire, CONV_NONE, 0 },
	{ &msg_renewed, on_renewed, CONV_NONE, 0 },
	{ &msg_explain_way, explain_heard, EXPLAIN_PROBE, 0 },
	{ &msg_explain_host, explain_heard, EXPLAIN_PROBE, 0 },
	{ &msg_explain_server, explain_heard, EXPLAIN_PROBE, 0 },
	{ &msg_explain_tlsa, explain_heard, EXPLAIN_PROBE, 0 },
	{ &msg_explain_session, explain_heard, EXPLAIN_PROBE, 0 },
	{ &msg_explain_end, explain_heard, EXPLAIN_PROBE, CONV_END },
};
/* clang-format on */

const struct peer_def dispatch_peer = {
	.kind = PEER_DELIVER,
	.rules = rules,
	.nrules = nitems(rules),
	.conv_lost = on_conv_lost,
	.attached = on_attached,
	.lost = on_lost,
	.drained = on_drained,
};
