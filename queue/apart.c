/* SPDX-License-Identifier: ISC */
/* queue/apart.c - groups that wait outside the line for an order. */
#include "queue/apart.h"

#include "common/base/alloc.h"
#include "queue/embargo.h"
#include "queue/outcome.h"
#include "queue/window.h"

struct taking {
	const struct msg_order *order;
	struct apart *apart;
};

static void
stay(uint32_t group, void *arg)
{
	struct apart *a = ((struct taking *)arg)->apart;

	a->busy = mem_grow(a->busy, a->nbusy + 1, sizeof(*a->busy));
	a->busy[a->nbusy++] = group;
}

static void
take(struct group *g, void *arg)
{
	const struct msg_order *o = ((struct taking *)arg)->order;

	if (o->operator_ == 0 && g->message->uid != (int64_t)o->uid)
		return;
	if (!g->in_line) {
		stay(g->n, arg);
		return;
	}
	schedule_unready(window_schedule(), g);
	g->aside = true;
}

void
apart_take(const struct msg_order *o, struct apart *a)
{
	struct taking t = { o, a };

	window_each(o->id, take, &t);
	embargo_each(o->id, stay, &t);
}

bool
apart_is_busy(const struct apart *a, uint32_t group)
{
	for (size_t i = 0; i < a->nbusy; i++)
		if (a->busy[i] == group)
			return true;
	return false;
}

static void
drop(struct group *g)
{
	struct destination *d = g->destination;

	d->dirty = true;
	window_drop(g);
	window_settle(d);
}

void
apart_drop(uint64_t message, uint32_t group)
{
	struct group *g = window_find(message, group);

	if (g != NULL && g->aside)
		drop(g);
}

static void
end(struct group *g, void *arg)
{
	const bool *written = arg;

	if (!g->aside)
		return;
	g->aside = false;
	if (*written)
		drop(g);
	else
		outcome_line_up(g);
}

void
apart_end(uint64_t message, bool written)
{
	window_each(message, end, &written);
}
