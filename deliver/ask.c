/* SPDX-License-Identifier: ISC */
/* deliver/ask.c - questions to resolve.
 *
 * A conversation outlives a question that nobody waits for any more: its
 * object is NULL then, and what still comes is dropped.
 */
#include "deliver/ask.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"

#include <string.h>

TAILQ_HEAD(ask_list, ask);

struct question {
	TAILQ_ENTRY(question) entry;
	struct asker *asker;
	struct conv *conv; /* NULL: to be sent */
	struct ask_list asks;
	bool answering; /* it is freed when all have been told */
	struct timer timer;
	struct msg_question msg;
	struct answer answer; /* as far as it came */
};

void
asker_init(struct asker *a, struct timers *timers)
{
	memset(a, 0, sizeof(*a));
	a->timers = timers;
	TAILQ_INIT(&a->open);
}

static void
forget(struct question *q)
{
	mem_free(q->answer.tlsa);
	memset(&q->answer, 0, sizeof(q->answer));
}

void
asker_attach(struct asker *a, struct channel *ch)
{
	struct question *q;

	a->resolve = ch;
	if (ch != NULL)
		return;
	a->unsent = 0;
	TAILQ_FOREACH (q, &a->open, entry) {
		q->conv = NULL;
		forget(q);
		a->unsent++;
	}
}

void
asker_turn(struct asker *a)
{
	struct question *q;

	if (a->resolve == NULL || a->unsent == 0)
		return;
	TAILQ_FOREACH (q, &a->open, entry) {
		if (q->conv != NULL)
			continue;
		if (!channel_may_open(a->resolve, &msg_question))
			return;
		q->conv = channel_open(
		    a->resolve, &msg_question, &q->msg, -1, CONV_A, q);
		a->unsent--;
	}
}

static void
question_free(struct question *q)
{
	if (q->conv != NULL)
		q->conv->object = NULL;
	else
		q->asker->unsent--;
	timer_clear(q->asker->timers, &q->timer);
	TAILQ_REMOVE(&q->asker->open, q, entry);
	forget(q);
	mem_free(q);
}

/* Everybody who waits is told; who is told may ask anew. */
static void
question_answer(struct question *q)
{
	struct ask *k;

	q->answering = true;
	TAILQ_REMOVE(&q->asker->open, q, entry);
	while ((k = TAILQ_FIRST(&q->asks)) != NULL) {
		TAILQ_REMOVE(&q->asks, k, entry);
		k->question = NULL;
		k->answered(k, &q->answer);
	}
	TAILQ_INSERT_TAIL(&q->asker->open, q, entry);
	question_free(q);
}

static void
on_deadline(void *arg)
{
	struct question *q = arg;

	forget(q);
	q->answer.kind = ANSWER_TROUBLE;
	view_copy(view_of("the resolver is silent"), q->answer.text,
	    sizeof(q->answer.text));
	question_answer(q);
}

static struct question *
question_find(const struct asker *a, const struct msg_question *m)
{
	struct question *q;

	TAILQ_FOREACH (q, &a->open, entry)
		if (q->msg.kind == m->kind && q->msg.port == m->port &&
		    strcmp(q->msg.name, m->name) == 0)
			return q;
	return NULL;
}

static struct question *
question_new(struct asker *a, const struct msg_question *m)
{
	struct question *q = mem_zero(1, sizeof(*q));

	q->asker = a;
	q->msg = *m;
	TAILQ_INIT(&q->asks);
	TAILQ_INSERT_TAIL(&a->open, q, entry);
	timer_init(&q->timer, on_deadline, q);
	timer_set(a->timers, &q->timer, ASK_SECONDS);
	a->unsent++;
	return q;
}

static void
join(struct asker *a, struct msg_question *m, const char *name, struct ask *k)
{
	struct question *q;

	if (!view_copy(view_of(name), m->name, sizeof(m->name)))
		panic("a name of %zu bytes", strlen(name));
	q = question_find(a, m);
	if (q == NULL)
		q = question_new(a, m);
	k->question = q;
	TAILQ_INSERT_TAIL(&q->asks, k, entry);
}

void
ask(struct asker *a, enum question_kind kind, const char *name, struct ask *k)
{
	struct msg_question m = { .kind = (uint8_t)kind };

	join(a, &m, name, k);
}

void
ask_tlsa(struct asker *a, uint16_t port, const char *name, struct ask *k)
{
	struct msg_question m = { .kind = QUESTION_TLSA, .port = port };

	join(a, &m, name, k);
}

void
ask_cancel(struct ask *k)
{
	struct question *q = k->question;

	if (q == NULL)
		return;
	TAILQ_REMOVE(&q->asks, k, entry);
	k->question = NULL;
	if (TAILQ_EMPTY(&q->asks) && !q->answering)
		question_free(q);
}

static bool
on_mx(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct question *q = conv->object;

	(void)ch;
	(void)fd;
	if (q == NULL)
		return true;
	if (q->msg.kind != QUESTION_MX || q->answer.nmx == ANSWER_MX_MAX)
		return false;
	q->answer.mx[q->answer.nmx++] = *(const struct msg_answer_mx *)msg;
	return true;
}

static bool
on_addr(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_answer_addr *m = msg;
	struct question *q = conv->object;
	struct ip *ip;

	(void)ch;
	(void)fd;
	if (m->family != 4 && m->family != 6)
		return false;
	if (q == NULL)
		return true;
	if (q->msg.kind != QUESTION_HOST || q->answer.naddrs == ANSWER_ADDR_MAX)
		return false;
	ip = &q->answer.addrs[q->answer.naddrs++];
	ip->family = m->family;
	memcpy(ip->bytes, m->bytes, m->family == 4 ? 4 : sizeof(ip->bytes));
	return true;
}

static bool
on_tlsa(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct question *q = conv->object;

	(void)ch;
	(void)fd;
	if (q == NULL)
		return true;
	if (q->msg.kind != QUESTION_TLSA || q->answer.tlsa != NULL)
		return false;
	q->answer.tlsa = mem_alloc(sizeof(*q->answer.tlsa));
	*q->answer.tlsa = *(const struct msg_answer_tlsa *)msg;
	return true;
}

static bool
on_end(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_answer_end *m = msg;
	struct question *q = conv->object;

	(void)ch;
	(void)fd;
	if (m->kind < ANSWER_FOUND || m->kind > ANSWER_MALFORMED ||
	    m->secure > SECURE_FIRST)
		return false;
	if (q == NULL)
		return true;
	q->answer.kind = (enum answer_kind)m->kind;
	if (q->answer.kind == ANSWER_FOUND && q->msg.kind == QUESTION_HOST &&
	    q->answer.naddrs == 0)
		q->answer.kind = ANSWER_NONE;
	q->answer.secure = (enum answer_secure)m->secure;
	q->answer.validates = m->validates != 0;
	memcpy(q->answer.alias, m->alias, sizeof(q->answer.alias));
	view_copy(view_of(m->text), q->answer.text, sizeof(q->answer.text));
	question_answer(q);
	return true;
}

const struct channel_rule ask_rules[ASK_RULES] = {
	{ &msg_answer_mx, on_mx, CONV_A, 0 },
	{ &msg_answer_addr, on_addr, CONV_A, 0 },
	{ &msg_answer_tlsa, on_tlsa, CONV_A, 0 },
	{ &msg_answer_end, on_end, CONV_A, CONV_END },
};
