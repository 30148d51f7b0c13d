/* SPDX-License-Identifier: ISC */
/* smtpd/overload.c - how much a worker still takes on. */
#include "smtpd/overload.h"

#include "common/base/log.h"
#include "smtpd/client.h"
#include "smtpd/worker.h"

enum { SLACK = 20 }; /* of 1000 */

void
overload_init(struct worker *w)
{
	w->overload.gauges[OVERLOAD_SESSIONS].cause = "sessions";
	w->overload.gauges[OVERLOAD_MEMORY].cause = "memory";
}

static size_t
memory_of_mail(const struct mail *m)
{
	return sizeof(*m) + m->rcpts.size + m->body.out.size +
	       m->body.raw.size +
	       (m->body.complete == NULL ? 0 : sizeof(*m->body.complete));
}

/* What a client can make us hold; the rest is the same for each. */
static size_t
memory_of(const struct client *c)
{
	return sizeof(*c) + c->held.size + c->unsent.size +
	       (c->session.mail == NULL ? 0 : memory_of_mail(c->session.mail));
}

static void
note(struct ladder_gauge *g, uint64_t part, uint64_t whole,
    const uint64_t steps[LADDER_TOP], int64_t now_ms)
{
	uint64_t number = whole == 0 ? 0 : part * 1000 / whole;

	ladder_note(g, ladder_level(number, steps),
	    ladder_level(number + SLACK, steps), now_ms);
}

static void
log_level(
    const struct worker *w, unsigned int was, const struct ladder_gauge *worst)
{
	log_begin("overload");
	log_u64("level", worst->level);
	log_u64("was", was);
	if (worst->level > 0)
		log_word("cause", worst->cause);
	log_u64("sessions", w->roster.nclients);
	log_u64("memory", w->overload.memory);
	log_end();
}

void
overload_judge(struct worker *w)
{
	static const uint64_t of_sessions[LADDER_TOP] = { 800, 950, 0 };
	static const uint64_t of_memory[LADDER_TOP] = { 700, 950, 1000 };
	struct overload *o = &w->overload;
	struct service *sv = &w->service;
	const struct ladder_gauge *worst;
	unsigned int was = o->own;

	note(&o->gauges[OVERLOAD_SESSIONS], w->roster.nclients, w->max_clients,
	    of_sessions, sv->now_ms);
	note(&o->gauges[OVERLOAD_MEMORY], o->memory,
	    conf_number(sv->conf, KEY_SESSION_MEMORY), of_memory, sv->now_ms);
	worst = ladder_worst(o->gauges, OVERLOAD_GAUGES);
	o->own = worst->level;
	sv->level = o->own > o->of_queue ? o->own : o->of_queue;
	sv->no_memory = o->gauges[OVERLOAD_MEMORY].level == LADDER_TOP;
	if (was != o->own)
		log_level(w, was, worst);
}

void
overload_note(struct client *c)
{
	struct worker *w = c->worker;
	size_t memory = memory_of(c);

	if (memory == c->memory)
		return;
	w->overload.memory += memory - c->memory;
	c->memory = memory;
	overload_judge(w);
}

void
overload_forget(struct client *c)
{
	c->worker->overload.memory -= c->memory;
	c->memory = 0;
}
