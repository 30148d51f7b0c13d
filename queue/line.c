/* SPDX-License-Identifier: ISC */
/* queue/line.c - who is next within one destination. */
#include "queue/line.h"

#include "common/base/alloc.h"

#include <string.h>

uint64_t
line_key(const char *sender)
{
	const char *at = strrchr(sender, '@');
	uint64_t h = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (const char *c = sender; *c != '\0'; c++) {
		/* never before the first letter: "+x@y" is a name */
		if (c != sender && c < at && strchr("+-=", *c) != NULL)
			c = at;
		h = (h ^ (unsigned char)*c) * 0x100000001b3ULL;
	}
	return h;
}

static size_t
spread(uint64_t key)
{
	return (size_t)((key * 0x9e3779b97f4a7c15ULL) >> 32) % LINE_BUCKETS;
}

static struct line **
bucket_of(struct lines *s, const struct destination *d, uint64_t key)
{
	return &s->bucket[spread(key ^ (uint64_t)(uintptr_t)d)];
}

static struct origin *
origin_hold(struct lines *s, uint64_t key)
{
	struct origin **b = &s->origins[spread(key)], *o = *b;

	while (o != NULL && o->key != key)
		o = o->same;
	if (o == NULL) {
		o = mem_zero(1, sizeof(*o));
		o->key = key;
		o->same = *b;
		*b = o;
	}
	o->nheld++;
	return o;
}

static void
origin_release(struct lines *s, struct origin *o)
{
	struct origin **at = &s->origins[spread(o->key)];

	if (--o->nheld > 0)
		return;
	while (*at != o)
		at = &(*at)->same;
	*at = o->same;
	mem_free(o);
}

static void
line_end(struct lines *s, struct line *l)
{
	struct line **at = bucket_of(s, l->destination, l->origin->key);

	while (*at != l)
		at = &(*at)->same;
	*at = l->same;
	mem_free(l);
}

void
line_hold(struct lines *s, struct group *g)
{
	struct origin *o = origin_hold(s, line_key(g->message->sender));
	struct line **b = bucket_of(s, g->destination, o->key);
	struct line *l = *b;

	while (
	    l != NULL && (l->origin != o || l->destination != g->destination))
		l = l->same;
	if (l == NULL) {
		l = mem_zero(1, sizeof(*l));
		l->origin = o;
		l->destination = g->destination;
		TAILQ_INIT(&l->groups);
		l->same = *b;
		*b = l;
	}
	l->nheld++;
	g->line = l;
}

void
line_release(struct lines *s, struct group *g)
{
	struct line *l = g->line;
	struct origin *o = l->origin;

	g->line = NULL;
	if (--l->nheld == 0)
		line_end(s, l);
	origin_release(s, o);
}

void
line_add(struct turns *turns, struct group *g)
{
	struct line *l = g->line;

	if (TAILQ_EMPTY(&l->groups))
		TAILQ_INSERT_TAIL(turns, l, turn);
	TAILQ_INSERT_TAIL(&l->groups, g, ready);
	g->in_line = true;
	g->light = l->origin->nheld <= LINE_LIGHT;
}

void
line_remove(struct turns *turns, struct group *g)
{
	struct line *l = g->line;

	TAILQ_REMOVE(&l->groups, g, ready);
	g->in_line = false;
	if (TAILQ_EMPTY(&l->groups))
		TAILQ_REMOVE(turns, l, turn);
}

struct group *
line_next(struct turns *turns)
{
	struct line *l = TAILQ_FIRST(turns);

	if (l == NULL)
		return NULL;
	TAILQ_REMOVE(turns, l, turn);
	TAILQ_INSERT_TAIL(turns, l, turn);
	return TAILQ_FIRST(&l->groups);
}
