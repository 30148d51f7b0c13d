/* SPDX-License-Identifier: ISC */
/* queue/gate.c - what several destinations share. */
#include "queue/gate.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"

#include <string.h>

struct remembered {
	uint64_t key;
	struct gate *gate; /* a reference */
	int64_t at;
	TAILQ_ENTRY(remembered) entry;
	struct remembered *same; /* in its bucket */
};

void
gates_init(struct gates *s, unsigned int window_max)
{
	memset(s, 0, sizeof(*s));
	s->window_max = window_max;
	TAILQ_INIT(&s->timed);
	TAILQ_INIT(&s->oldest);
}

static struct gate **
bucket_of(struct gates *s, const char *name)
{
	uint64_t h = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3ULL;
	return &s->bucket[(h ^ h >> 32) % GATE_BUCKETS];
}

struct gate *
gate_find(struct gates *s, const char *name)
{
	struct gate *g = *bucket_of(s, name);

	while (g != NULL && strcmp(g->name, name) != 0)
		g = g->same;
	if (g != NULL)
		g->refs++;
	return g;
}

/* With one reference, for the caller. */
static struct gate *
gate_new(struct gates *s, const char *name)
{
	struct gate **b = bucket_of(s, name);
	struct gate *g = mem_zero(1, sizeof(*g));

	g->name = mem_copy_string(name);
	g->refs = 1;
	TAILQ_INIT(&g->blocked);
	g->same = *b;
	*b = g;
	return g;
}

struct gate *
gate_host(struct gates *s, const char *name)
{
	struct gate *g = gate_find(s, name);

	if (g == NULL)
		g = gate_new(s, name);
	if (g->window == 0)
		g->window = s->window_max < GATE_WINDOW_START
				? s->window_max
				: GATE_WINDOW_START;
	return g;
}

void
gate_release(struct gates *s, struct gate *g)
{
	struct gate **at;

	if (g == NULL || --g->refs > 0)
		return;
	if (!TAILQ_EMPTY(&g->blocked) || g->nopen > 0)
		panic("gate %s is in use", g->name);
	if (g->timed)
		TAILQ_REMOVE(&s->timed, g, entry);
	at = bucket_of(s, g->name);
	while (*at != g)
		at = &(*at)->same;
	*at = g->same;
	mem_free(g->name);
	mem_free(g);
}

void
gate_limit(struct gates *s, const char *name, int64_t us, int64_t now)
{
	struct gate *g = gate_find(s, name);

	/* the reference is the configuration's, and is not given back */
	if (g == NULL)
		g = gate_new(s, name);
	/* of two limits the stricter one holds */
	if (us > g->pace)
		g->pace = us;
	g->next = now * 1000 + g->pace;
}

bool
gate_full(const struct gate *g)
{
	return g->window > 0 && g->nopen >= g->window;
}

bool
gate_early(struct gate *g, int64_t now)
{
	if (g->pace == 0)
		return false;
	/* a clock that was set back costs one pause, not more */
	if (g->next > now * 1000 + g->pace)
		g->next = now * 1000 + g->pace;
	return g->next > now * 1000;
}

void
gate_spend(struct gate *g, int64_t now)
{
	if (g->pace > 0)
		g->next = now * 1000 + g->pace;
}

void
gate_refund(struct gate *g, int64_t spent, int64_t now)
{
	/* nothing forbids the next one, unless another has gone meanwhile */
	if (g->next == spent * 1000 + g->pace && g->next > now * 1000)
		g->next = now * 1000;
}

void
gate_succeeded(const struct gates *s, struct gate *g)
{
	if (g->window < s->window_max)
		g->window++;
}

void
gate_failed(struct gate *g)
{
	if (g->window > 1)
		g->window /= 2;
}

static void
forget(struct gates *s, struct remembered *r)
{
	struct remembered **at = &s->memory[r->key % GATE_BUCKETS];

	while (*at != r)
		at = &(*at)->same;
	*at = r->same;
	TAILQ_REMOVE(&s->oldest, r, entry);
	s->nremembered--;
	gate_release(s, r->gate);
	mem_free(r);
}

static struct remembered *
recall(struct gates *s, uint64_t key)
{
	struct remembered *r = s->memory[key % GATE_BUCKETS];

	while (r != NULL && r->key != key)
		r = r->same;
	return r;
}

void
gate_remember(struct gates *s, uint64_t key, const struct gate *g, int64_t at)
{
	struct remembered *r = recall(s, key);

	if (r != NULL)
		forget(s, r);
	while (
	    (r = TAILQ_FIRST(&s->oldest)) != NULL &&
	    (s->nremembered >= GATE_REMEMBERED || r->at + GATE_MEMORY_MS < at))
		forget(s, r);
	r = mem_zero(1, sizeof(*r));
	r->key = key;
	r->gate = gate_find(s, g->name);
	r->at = at;
	r->same = s->memory[key % GATE_BUCKETS];
	s->memory[key % GATE_BUCKETS] = r;
	TAILQ_INSERT_TAIL(&s->oldest, r, entry);
	s->nremembered++;
}

struct gate *
gate_recall(struct gates *s, uint64_t key, int64_t *at)
{
	struct remembered *r = recall(s, key);
	struct gate *g;

	if (r == NULL)
		return NULL;
	g = r->gate;
	g->refs++;
	*at = r->at;
	forget(s, r);
	return g;
}

void
gates_clear(struct gates *s)
{
	struct remembered *r;

	while ((r = TAILQ_FIRST(&s->oldest)) != NULL)
		forget(s, r);
	for (size_t i = 0; i < GATE_BUCKETS; i++)
		while (s->bucket[i] != NULL) {
			/* what is left is the configuration's */
			s->bucket[i]->refs = 1;
			gate_release(s, s->bucket[i]);
		}
}
