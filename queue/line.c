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

static struct line **
bucket_of(struct lines *s, const struct destination *d, uint64_t key)
{
	uint64_t h = (key ^ (uint64_t)(uintptr_t)d) * 0x9e3779b97f4a7c15ULL;

	return &s->bucket[(h >> 32) % LINE_BUCKETS];
}

void
line_hold(struct lines *s, struct group *g)
{
	uint64_t key = line_key(g->message->sender);
	struct line **b = bucket_of(s, g->destination, key);
	struct line *l = *b;

	while (l != NULL && (l->key != key || l->destination != g->destination))
		l = l->same;
	if (l == NULL) {
		l = mem_zero(1, sizeof(*l));
		l->key = key;
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
	struct line *l = g->line, **at;

	g->line = NULL;
	if (--l->nheld > 0)
		return;
	at = bucket_of(s, l->destination, l->key);
	while (*at != l)
		at = &(*at)->same;
	*at = l->same;
	mem_free(l);
}

void
line_add(struct turns *turns, struct group *g)
{
	struct line *l = g->line;

	if (TAILQ_EMPTY(&l->groups))
		TAILQ_INSERT_TAIL(turns, l, turn);
	TAILQ_INSERT_TAIL(&l->groups, g, ready);
	g->in_line = true;
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
