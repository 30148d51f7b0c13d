/* SPDX-License-Identifier: ISC */
/* queue/window_groups.c - the groups in memory, by their messages. */
#include "queue/window.h"

enum { BUCKETS = 8192 };

static struct group *buckets[BUCKETS];

/* A list has many groups: they must not meet in one bucket. */
static struct group **
bucket_of(uint64_t message, uint32_t n)
{
	return &buckets[(message + n * UINT64_C(2654435761)) % BUCKETS];
}

void
window_add(struct group *g)
{
	struct group **b = bucket_of(g->message->id, g->n);

	g->same = *b;
	*b = g;
}

void
window_drop(struct group *g)
{
	struct group **p = bucket_of(g->message->id, g->n);

	while (*p != g)
		p = &(*p)->same;
	*p = g->same;
	schedule_drop(window_schedule(), g);
	group_free(g);
}

struct group *
window_find(uint64_t message, uint32_t n)
{
	struct group *g = *bucket_of(message, n);

	while (g != NULL && (g->message->id != message || g->n != n))
		g = g->same;
	return g;
}

void
window_each(uint64_t message, void (*fn)(struct group *, void *), void *arg)
{
	struct group *g, *next;

	for (size_t i = 0; i < BUCKETS; i++)
		for (g = buckets[i]; g != NULL; g = next) {
			next = g->same;
			if (g->message->id == message)
				fn(g, arg);
		}
}

void
window_wake(const int64_t *ids, size_t n)
{
	struct schedule *s = window_schedule();
	struct destination *d;
	size_t k;

	if (n == 0)
		return;
	for (size_t i = 0; i < SCHEDULE_BUCKETS; i++)
		for (d = s->bucket[i]; d != NULL; d = d->next) {
			for (k = 0; k < n && ids[k] != d->id; k++)
				;
			if (k < n)
				schedule_wake(s, d);
		}
}
