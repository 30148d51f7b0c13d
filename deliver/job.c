/* SPDX-License-Identifier: ISC */
/* deliver/job.c - jobs from queue, and what becomes of them.
 *
 * Must never report a result twice, nor forget one of a job that is past
 * its final dot: that would be a second copy of the message.
 */
#include "deliver/job.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/ipc/msg_explain.h"
#include "common/ipc/msg_intake.h"
#include "common/ipc/types.h"
#include "common/mail/route.h"
#include "deliver/probe.h"

#include <string.h>
#include <unistd.h>

void
jobs_init(struct jobs *jobs)
{
	memset(jobs, 0, sizeof(*jobs));
	TAILQ_INIT(&jobs->all);
}

struct job *
job_new(struct jobs *jobs, struct conv *conv)
{
	struct job *j = mem_zero(1, sizeof(*j));

	j->jobs = jobs;
	j->state = JOB_GATHER;
	j->conv = conv;
	j->fd = -1;
	TAILQ_INSERT_TAIL(&jobs->all, j, entry);
	jobs->n++;
	conv->object = j;
	return j;
}

void
job_free(struct job *j)
{
	TAILQ_REMOVE(&j->jobs->all, j, entry);
	j->jobs->n--;
	if (j->state == JOB_KEPT)
		j->jobs->kept--;
	if (j->fd != -1)
		close(j->fd);
	attempts_clear(&j->attempts);
	transaction_clear(&j->t);
	probe_free(j->probe);
	mem_free(j);
}

static void
end_early(struct job *j)
{
	j->jobs->abort(j);
	if (j->conv != NULL)
		j->conv->object = NULL; /* more of it may be on its way */
	job_free(j);
}

static void
jobs_abort(struct jobs *jobs)
{
	struct job *j, *next;

	TAILQ_FOREACH_SAFE (j, &jobs->all, entry, next)
		if (j->state != JOB_KEPT && !jobs->past_dot(j))
			end_early(j);
}

void
jobs_retire(struct jobs *jobs)
{
	jobs_abort(jobs);
	if (jobs->queue != NULL)
		channel_send(jobs->queue, NULL, &msg_retire, NULL, -1);
}

void
jobs_attach(struct jobs *jobs, struct channel *queue)
{
	struct job *j;

	jobs->queue = queue;
	jobs->told = false;
	if (queue != NULL)
		return;
	TAILQ_FOREACH (j, &jobs->all, entry)
		j->conv = NULL;
	jobs_abort(jobs);
}

/* They stand in commands: one that could end a line is nobody's address. */
static bool
is_harmless(const char *address)
{
	for (; *address != '\0'; address++)
		if ((unsigned char)*address < ' ' || *address == 0x7f)
			return false;
	return true;
}

bool
job_hop_sound(uint8_t transport, const char *host, uint16_t port)
{
	return (transport == TRANSPORT_MX || transport == TRANSPORT_HOST ||
		   transport == TRANSPORT_LMTP) &&
	       (port > 0) != hop_is_socket((enum transport)transport, host) &&
	       host[0] != '\0' && strlen(host) <= DOMAIN_MAX;
}

static bool
is_sound(const struct msg_job *m)
{
	return m->nrcpts > 0 && m->nrcpts <= JOB_RCPTS_MAX &&
	       job_hop_sound(m->transport, m->host, m->port) &&
	       is_harmless(m->sender) && ret_sound(m->ret) &&
	       envid_sound(m->envid);
}

static bool
on_job(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_job *m = msg;
	struct jobs *jobs = jobs_of(ch);
	struct job *j;

	if (!is_sound(m)) {
		close(fd);
		return false;
	}
	j = job_new(jobs, conv);
	j->key = m->key;
	j->fd = fd;
	j->want = m->nrcpts;
	j->transport = m->transport;
	j->port = m->port;
	memcpy(j->host, m->host, sizeof(j->host));
	transaction_init(&j->t, m->sender, m->nrcpts);
	j->t.size = m->size;
	j->t.ret = m->ret;
	memcpy(j->t.envid, m->envid, sizeof(j->t.envid));
	j->t.eightbit = (m->flags & (ENVELOPE_8BIT | ENVELOPE_HAS_8BIT)) != 0;
	j->t.utf8_header = (m->flags & ENVELOPE_UTF8_HEADER) != 0;
	return true;
}

static bool
on_job_rcpt(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_job_rcpt *m = msg;
	struct job *j = conv->object;

	(void)ch;
	(void)fd;
	if (j == NULL)
		return true;
	if (!is_harmless(m->address) || m->address[0] == '\0' ||
	    !notify_sound(m->notify) || !orcpt_sound(m->orcpt))
		return false;
	transaction_add(&j->t, m);
	if (j->t.nrcpts < j->want)
		return true;
	conv->phase = CONV_B;
	j->jobs->start(j);
	return true;
}

static void
send_result(struct channel *ch, struct conv *conv, uint32_t number,
    const struct status *st)
{
	struct msg_result m;

	memset(&m, 0, sizeof(m));
	m.rcpt = number;
	m.verdict = (uint8_t)st->verdict;
	m.smtp = (uint16_t)st->smtp;
	m.subject = (uint16_t)st->subject;
	m.detail = (uint16_t)st->detail;
	view_copy(view_of(st->text), m.text, sizeof(m.text));
	channel_send(ch, conv, &msg_result, &m, -1);
}

/* Where it is tried, or was last. */
static void
tell_server(const struct job *j, uint8_t *family, uint8_t *address, char *host)
{
	const struct attempt *a = &j->attempts.list[j->at];

	if (j->next == 0)
		return;
	*family = a->ip.family;
	memcpy(address, a->ip.bytes, sizeof(a->ip.bytes));
	memcpy(host, a->host, sizeof(a->host));
}

static void
send_done(struct channel *ch, struct conv *conv, const struct job *j)
{
	const struct status *st = &j->t.status;
	struct msg_job_done m;

	memset(&m, 0, sizeof(m));
	m.verdict = (uint8_t)st->verdict;
	m.stage = (uint8_t)j->t.stage;
	m.login = (uint8_t)j->t.login;
	m.dsn = j->t.dsn;
	m.smtp = (uint16_t)st->smtp;
	m.subject = (uint16_t)st->subject;
	m.detail = (uint16_t)st->detail;
	memcpy(m.tls, j->t.tls, sizeof(m.tls));
	view_copy(view_of(st->text), m.text, sizeof(m.text));
	tell_server(j, &m.family, m.address, m.host);
	channel_send(ch, conv, &msg_job_done, &m, -1);
	conv_end(ch, conv);
}

void
job_dotted(struct job *j)
{
	struct msg_dot m = { 0 };

	if (j->conv == NULL || j->dotted)
		return;
	j->dotted = true;
	tell_server(j, &m.family, m.address, m.host);
	channel_send(j->jobs->queue, j->conv, &msg_dot, &m, -1);
}

/* all: every recipient by name, for a queue that did not give the job. */
static void
report(struct job *j, struct conv *conv, bool all)
{
	struct channel *ch = j->jobs->queue;

	if (j->t.status.verdict == 0 || j->t.stage == 0)
		panic("a job without an end");
	for (size_t i = 0; i < j->t.nrcpts; i++) {
		const struct recipient *r = &j->t.rcpts[i];

		if (r->settled != NULL)
			send_result(ch, conv, r->number, r->settled);
		else if (all)
			send_result(ch, conv, r->number, &j->t.status);
	}
	send_done(ch, conv, j);
	job_free(j);
}

static void
report_late(struct job *j)
{
	struct msg_late m = { .key = j->key, .nrcpts = (uint32_t)j->t.nrcpts };
	struct conv *conv;

	conv = channel_open(j->jobs->queue, &msg_late, &m, -1, CONV_A, NULL);
	report(j, conv, true);
}

void
job_finish(struct job *j)
{
	if (j->conv != NULL) {
		report(j, j->conv, false);
		return;
	}
	close(j->fd);
	j->fd = -1;
	j->state = JOB_KEPT;
	j->jobs->kept++;
}

void
jobs_turn(struct jobs *jobs)
{
	struct job *j, *next;

	if (jobs->kept == 0 || jobs->queue == NULL || !jobs->told)
		return;
	TAILQ_FOREACH_SAFE (j, &jobs->all, entry, next) {
		if (j->state != JOB_KEPT)
			continue;
		if (!channel_may_open(jobs->queue, &msg_late))
			return;
		report_late(j);
	}
}

static bool
on_held_ask(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct jobs *jobs = jobs_of(ch);
	struct msg_held m;
	struct job *j;

	(void)msg;
	(void)fd;
	TAILQ_FOREACH (j, &jobs->all, entry) {
		if (j->conv != NULL)
			continue; /* this queue gave it */
		m.key = j->key;
		channel_send(ch, conv, &msg_held, &m, -1);
	}
	channel_send(ch, conv, &msg_held_end, NULL, -1);
	jobs->told = true;
	return true;
}

const struct channel_rule job_rules[JOB_RULES] = {
	{ &msg_job, on_job, CONV_NEW, CONV_A },
	{ &msg_job_rcpt, on_job_rcpt, CONV_A, 0 },
	{ &msg_held_ask, on_held_ask, CONV_NEW, CONV_END },
	{ &msg_probe, probe_asked, CONV_NEW, CONV_B },
};
