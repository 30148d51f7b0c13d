/* SPDX-License-Identifier: ISC */
/* smtpd/asking.c - what passes between us and lookup. */
#include "smtpd/asking.h"

#include "common/base/alloc.h"
#include "smtpd/worker.h"

#include <string.h>

struct question {
	struct client *client;
	struct conv *conv; /* NULL: not asked, or answered */
	bool answered;
	enum whether_answer answer;
};

void
asking_begin(struct client *c)
{
	size_t n = pending_count(&c->session);

	c->questions = mem_zero(n, sizeof(*c->questions));
	c->nquestions = c->nopen = n;
	for (size_t i = 0; i < n; i++)
		c->questions[i].client = c;
	c->worker->unasked += n;
	roster_move(&c->worker->roster, c, PLACE_LOOKUP);
}

void
asking_forget(struct client *c)
{
	for (size_t i = 0; i < c->nquestions; i++) {
		struct question *q = &c->questions[i];

		if (q->conv != NULL)
			q->conv->object = NULL;
		else if (!q->answered)
			c->worker->unasked--;
	}
	mem_free(c->questions);
	c->questions = NULL;
	c->nquestions = c->nopen = 0;
}

/* All is known: the client goes on. */
static void
tell(struct client *c)
{
	enum whether_answer answers[PENDING_MAX];

	for (size_t i = 0; i < c->nquestions; i++)
		answers[i] = c->questions[i].answered ? c->questions[i].answer
						      : WHETHER_LATER;
	asking_forget(c);
	client_looked_up(c, answers);
}

void
asking_give_up(struct client *c)
{
	tell(c);
}

static bool
ask(struct channel *ch, struct client *c, size_t i)
{
	struct question *q = &c->questions[i];
	struct pending_question p;
	struct msg_whether m = { 0 };

	if (q->answered || q->conv != NULL)
		return true;
	if (channel_full(ch) || !channel_may_open(ch, &msg_whether))
		return false;
	pending_question(&c->session, i, &p);
	m.kind = (uint8_t)p.kind;
	mailbox_print(&p.address, m.address);
	view_copy(view_of(p.login), m.login, sizeof(m.login));
	q->conv = channel_open(ch, &msg_whether, &m, -1, CONV_A, q);
	c->worker->unasked--;
	return true;
}

void
asking_turn(struct worker *w)
{
	const struct peer *p = process_peer(PEER_LOOKUP, 0);
	struct client *c;

	if (w->unasked == 0 || p == NULL || p->channel == NULL)
		return;
	TAILQ_FOREACH (c, &w->roster.places[PLACE_LOOKUP], neighbours)
		for (size_t i = 0; i < c->nquestions; i++)
			if (!ask(p->channel, c, i))
				return;
}

static bool
on_whether_is(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_whether_is *m = msg;
	struct question *q = conv->object;
	struct client *c;

	(void)ch;
	(void)fd;
	if (m->answer < WHETHER_YES || m->answer > WHETHER_LATER)
		return false;
	if (q == NULL)
		return true; /* the client has left, or had to go on */
	conv->object = NULL;
	q->conv = NULL;
	q->answered = true;
	q->answer = (enum whether_answer)m->answer;
	c = q->client;
	if (--c->nopen == 0)
		tell(c);
	return true;
}

void
asking_lost(struct channel *ch, struct conv *conv)
{
	struct question *q = conv->object;

	(void)ch;
	if (q == NULL)
		return;
	q->conv = NULL;
	q->client->worker->unasked++;
}

/* clang-format off */
const struct channel_rule asking_rules[] = {
	{ &msg_whether_is, on_whether_is, CONV_A, CONV_END },
};
/* clang-format on */
