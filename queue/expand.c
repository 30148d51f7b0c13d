/* SPDX-License-Identifier: ISC */
/* queue/expand.c - who is meant by the recipients of local domains.
 *
 * A question that lookup took to its grave is asked again, a few times; one
 * that nobody answers moves the clock of the destination.  Whatever fails
 * here is later, never never.
 */
#include "queue/expand.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/ipc/msg_lookup.h"
#include "common/mail/aliases.h"
#include "queue/admit.h"
#include "queue/dispatch.h"
#include "queue/explain.h"
#include "queue/outcome.h"
#include "queue/window.h"

#include <event2/event.h>
#include <string.h>

enum {
	RCPTS_PER_JOB = 10, /* each may mean many */
	PATIENCE_MS = 60000,
	LOSSES_MAX = 3, /* of lookup, while it was asked this */
	LOOK_MS = 1000
};

struct expanding;

/* One recipient of a job. */
struct asked {
	struct expanding *of;
	struct conv *conv; /* NULL: to be asked, or answered */
	bool answered;
	uint32_t n;
	struct buf results; /* addresses, each with a NUL behind it */
};

struct expanding {
	TAILQ_ENTRY(expanding) entry;
	struct job *job;
	size_t left;
	int64_t since;
	unsigned int losses;
	struct asked asked[RCPTS_PER_JOB];
};

static struct {
	TAILQ_HEAD(, expanding) open;
	struct event *timer; /* NULL: nothing was ever expanded */
} expand;

static bool
has_aliases(void)
{
	return conf_text(process_conf(), KEY_ALIASES)[0] != '\0';
}

bool
expand_wanted(const struct mailbox *box)
{
	struct routing routing = conf_routing(process_conf());

	return has_aliases() && route_is_local(&routing, box);
}

struct destination *
expand_destination(void)
{
	return schedule_destination(
	    window_schedule(), TRANSPORT_LOOKUP, "aliases", 0);
}

bool
expand_is_destination(const struct destination *d)
{
	return d != NULL && d->transport == TRANSPORT_LOOKUP;
}

static const struct rcpt *
rcpt_of(const struct job *j, size_t place)
{
	const struct group *g = j->group;
	size_t i = 0;

	while (i < g->nrcpts && g->rcpts[i].n != j->rcpts[place].n)
		i++;
	return i < g->nrcpts ? &g->rcpts[i] : NULL;
}

/* RFC 3461 5.2.7: with several behind it nobody can tell when all have it, so
 * that is told now, and not asked of them. */
static uint8_t
notify_of(const struct rcpt *r, bool several)
{
	uint8_t rest = r->notify & (uint8_t)~NOTIFY_SUCCESS;

	if (!several || rest == r->notify)
		return r->notify;
	return rest == 0 ? NOTIFY_NEVER : rest;
}

/* What was found out of one recipient joins what comes in place of the job. */
static void
replace(
    struct job *j, const struct rcpt *r, const struct asked *a, bool several)
{
	struct view v = buf_view(&a->results);
	struct rcpt_new new = { .orcpt = r->orcpt,
		.notify = notify_of(r, several),
		.final = true };

	if (j->instead == NULL) {
		j->instead = mem_zero(1, sizeof(*j->instead));
		j->instead->message = j->group->message;
	}
	while (v.len > 0) {
		new.address = v.data;
		new.original = r->original;
		if (new.original == NULL && strcmp(v.data, r->address) != 0)
			new.original = r->address;
		admit_rcpt(j->instead, &new);
		v = view_skip(v, strlen(v.data) + 1);
	}
}

static void
expanding_free(struct expanding *e)
{
	for (size_t i = 0; i < RCPTS_PER_JOB; i++) {
		if (e->asked[i].conv != NULL)
			e->asked[i].conv->object = NULL;
		buf_free(&e->asked[i].results);
	}
	TAILQ_REMOVE(&expand.open, e, entry);
	mem_free(e);
}

static void
finish(struct expanding *e, const struct msg_job_done *done)
{
	struct job *j = e->job;

	for (size_t i = 0; i < j->nrcpts; i++) {
		const struct rcpt *r = rcpt_of(j, i);

		if (r != NULL && j->rcpts[i].status.verdict == VERDICT_DONE)
			replace(j, r, &e->asked[i], j->rcpts[i].several);
	}
	expanding_free(e);
	outcome_job(j, done);
	dispatch_run();
}

static void
know(struct expanding *e, size_t place, const char *trouble, bool several)
{
	struct job *j = e->job;
	struct status *st = &j->rcpts[place].status;

	e->asked[place].answered = true;
	e->left--;
	j->rcpts[place].known = true;
	j->rcpts[place].several = several;
	if (trouble[0] == '\0')
		status_done(st, 250, 1, 5, "%s",
		    several ? "a list" : "another address");
	else
		status_later(st, 451, 3, 5, "%s", trouble);
}

static void
finish_if_known(struct expanding *e)
{
	const struct msg_job_done done = {
		.verdict = VERDICT_DONE, .stage = STAGE_MAIL, .smtp = 250
	};

	if (e->left == 0)
		finish(e, &done);
}

/* stage: 0: it is the destination that does not answer. */
static void
give_up(struct expanding *e, uint8_t stage, const char *why)
{
	struct msg_job_done done = {
		.verdict = VERDICT_LATER, .stage = stage, .smtp = 451
	};

	view_copy(view_of(why), done.text, sizeof(done.text));
	for (size_t i = 0; i < e->job->nrcpts; i++)
		if (!e->asked[i].answered)
			know(e, i, why, false);
	finish(e, &done);
}

static struct channel *
lookup_channel(void)
{
	const struct peer *p = process_peer(PEER_LOOKUP, 0);

	return p == NULL ? NULL : p->channel;
}

/* Without an alias file only the configuration has something to say. */
static void
answer_here(struct asked *a, const char *address)
{
	struct routing routing = conf_routing(process_conf());
	struct expansion x = { .max = 1 };
	struct mailbox box;

	if (!mailbox_parse(view_of(address), &box, true))
		panic("an address that is none");
	aliases_expand(NULL, &routing, &box, &x);
	buf_init(&a->results, ADDRESS_MAX + 1);
	buf_add(&a->results, buf_view(&x.addresses));
	expansion_clear(&x);
}

/* True: the channel has room for more. */
static bool
ask(struct expanding *e)
{
	struct channel *ch = lookup_channel();

	for (size_t i = 0; i < e->job->nrcpts; i++) {
		const struct rcpt *r = rcpt_of(e->job, i);
		struct asked *a = &e->asked[i];
		struct msg_expand m = { 0 };

		if (a->answered || a->conv != NULL)
			continue;
		if (ch == NULL || channel_full(ch) ||
		    !channel_may_open(ch, &msg_expand))
			return false;
		view_copy(view_of(r->address), m.address, sizeof(m.address));
		a->conv = channel_open(ch, &msg_expand, &m, -1, CONV_A, a);
	}
	return true;
}

static void
ask_all(void)
{
	struct expanding *e;

	TAILQ_FOREACH (e, &expand.open, entry)
		if (!ask(e))
			return;
}

static void timer_set(void);

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	int64_t now = clock_mono_ms();
	struct expanding *e;

	(void)fd;
	(void)what;
	(void)arg;
	while ((e = TAILQ_FIRST(&expand.open)) != NULL &&
	       now - e->since >= PATIENCE_MS)
		give_up(e, 0,
		    "the process that knows the aliases does not "
		    "answer");
	timer_set();
}

static void
timer_set(void)
{
	const struct timeval tv = { .tv_sec = LOOK_MS / 1000 };

	if (!TAILQ_EMPTY(&expand.open) && event_add(expand.timer, &tv) == -1)
		fatal("no timer for expansion");
}

static void
prepare(void)
{
	if (expand.timer != NULL)
		return;
	TAILQ_INIT(&expand.open);
	expand.timer = event_new(process_base(), -1, 0, on_timer, NULL);
	if (expand.timer == NULL)
		fatal("no timer for expansion");
}

static struct job *
job_make(struct group *g)
{
	struct job *j = job_new(g, RCPTS_PER_JOB);

	for (size_t i = 0; i < g->nrcpts && j->nrcpts < RCPTS_PER_JOB; i++) {
		if (g->rcpts[i].tried)
			continue;
		g->rcpts[i].tried = true;
		j->rcpts[j->nrcpts++].n = g->rcpts[i].n;
	}
	g->job = j;
	return j;
}

void
expand_start(struct group *g)
{
	struct expanding *e = mem_zero(1, sizeof(*e));
	bool here = !has_aliases();

	prepare();
	e->job = job_make(g);
	e->left = e->job->nrcpts;
	e->since = clock_mono_ms();
	TAILQ_INSERT_TAIL(&expand.open, e, entry);
	timer_set();
	for (size_t i = 0; i < e->job->nrcpts; i++) {
		struct asked *a = &e->asked[i];

		a->of = e;
		if (!here)
			continue;
		answer_here(a, rcpt_of(e->job, i)->address);
		know(e, i, "", false);
	}
	if (here)
		finish_if_known(e);
	else
		(void)ask(e);
}

static bool
on_expanded(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_expanded *m = msg;
	uint64_t max = conf_number(process_conf(), KEY_RECIPIENTS);
	struct asked *a = conv->object;
	struct mailbox box;

	(void)ch;
	(void)fd;
	if (conv->phase == EXPLAIN_NAMES)
		return explain_name(conv, msg);
	if (!mailbox_parse(view_of(m->address), &box, true))
		return false;
	if (a == NULL)
		return true; /* nobody waits for it any more */
	if (a->n == max)
		return false;
	if (a->n++ == 0)
		buf_init(&a->results, max * (MSG_ADDRESS_MAX + 1));
	buf_add(&a->results, view_make(m->address, strlen(m->address) + 1));
	return true;
}

static bool
on_end(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_expand_end *m = msg;
	struct asked *a = conv->object;
	struct expanding *e;

	(void)ch;
	(void)fd;
	if (conv->phase == EXPLAIN_NAMES)
		return explain_names_end(conv, msg);
	if ((m->count == 0) == (m->text[0] == '\0'))
		return false;
	if (a == NULL)
		return true;
	if (m->count != a->n)
		return false;
	e = a->of;
	conv->object = NULL;
	a->conv = NULL;
	know(e, (size_t)(a - e->asked), m->text, m->several != 0);
	finish_if_known(e);
	return true;
}

static void
on_conv_lost(struct channel *ch, struct conv *conv)
{
	struct asked *a = conv->object;

	(void)ch;
	if (conv->phase == EXPLAIN_NAMES)
		explain_lost(conv);
	if (a == NULL || conv->phase == EXPLAIN_NAMES)
		return;
	a->conv = NULL;
	buf_clear(&a->results);
	a->n = 0;
	a->of->losses++;
}

/* One that ends its answerer must not end it all the time. */
static void
on_lost(struct peer *p)
{
	struct expanding *e, *next;

	(void)p;
	if (expand.timer == NULL)
		return;
	TAILQ_FOREACH_SAFE (e, &expand.open, entry, next)
		if (e->losses >= LOSSES_MAX * e->job->nrcpts)
			give_up(e, STAGE_MAIL,
			    "the process that knows the aliases was lost");
}

static void
on_attached(struct peer *p)
{
	(void)p;
	if (expand.timer != NULL)
		ask_all();
}

static void
on_drained(struct channel *ch)
{
	(void)ch;
	if (expand.timer != NULL)
		ask_all();
}

/* clang-format off */
static const struct channel_rule rules[] = {
	{ &msg_expanded, on_expanded, CONV_A | EXPLAIN_NAMES, 0 },
	{ &msg_expand_end, on_end, CONV_A | EXPLAIN_NAMES, CONV_END },
};
/* clang-format on */

const struct peer_def expand_peer = {
	.kind = PEER_LOOKUP,
	.rules = rules,
	.nrules = nitems(rules),
	.conv_lost = on_conv_lost,
	.attached = on_attached,
	.lost = on_lost,
	.drained = on_drained,
};
