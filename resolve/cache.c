/* SPDX-License-Identifier: ISC */
/* resolve/cache.c - answers until their time is over.
 *
 * A hash table of fixed size with chains, and one list by last use.
 */
#include "resolve/cache.h"

#include "common/base/alloc.h"

#include <sys/queue.h>

TAILQ_HEAD(uses, entry);
LIST_HEAD(chain, entry);

struct entry {
	char *name;
	uint16_t type;
	struct answer *answer;
	int64_t until; /* milliseconds */
	LIST_ENTRY(entry) chained;
	TAILQ_ENTRY(entry) used;
};

struct cache {
	size_t max, count;
	size_t nchains; /* a power of two */
	uint64_t seed;
	struct uses uses; /* the last is the one not used longest */
	struct chain *chains;
};

struct cache *
cache_new(size_t max, uint64_t seed)
{
	struct cache *c = mem_zero(1, sizeof(*c));

	c->max = max;
	c->seed = seed;
	c->nchains = 1;
	while (c->nchains < max)
		c->nchains *= 2;
	c->chains = mem_zero(c->nchains, sizeof(c->chains[0]));
	TAILQ_INIT(&c->uses);
	return c;
}

static void
drop(struct cache *c, struct entry *e)
{
	LIST_REMOVE(e, chained);
	TAILQ_REMOVE(&c->uses, e, used);
	answer_free(e->answer);
	mem_free(e->name);
	mem_free(e);
	c->count--;
}

void
cache_free(struct cache *c)
{
	struct entry *e;

	while ((e = TAILQ_FIRST(&c->uses)) != NULL)
		drop(c, e);
	mem_free(c->chains);
	mem_free(c);
}

size_t
cache_count(const struct cache *c)
{
	return c->count;
}

static struct chain *
chain_of(struct cache *c, struct key k)
{
	return &c->chains[key_hash(k, c->seed) & (c->nchains - 1)];
}

static struct entry *
find(struct cache *c, struct key k)
{
	struct entry *e;

	LIST_FOREACH (e, chain_of(c, k), chained) {
		struct key own = { e->name, e->type };

		if (key_eq(own, k))
			return e;
	}
	return NULL;
}

static uint32_t
bounded(uint32_t ttl, uint32_t most)
{
	if (ttl < CACHE_TTL_LEAST)
		return CACHE_TTL_LEAST;
	return ttl > most ? most : ttl;
}

static uint32_t
ttl_bounded(const struct answer *a)
{
	switch (a->kind) {
	case ANSWER_FOUND:
		return bounded(a->ttl, CACHE_TTL_MOST);
	case ANSWER_NONE:
	case ANSWER_NO_NAME:
		return bounded(a->ttl, CACHE_TTL_NO_MOST);
	case ANSWER_TROUBLE:
	case ANSWER_MALFORMED:
		return CACHE_TTL_TROUBLE;
	}
	return CACHE_TTL_LEAST;
}

const struct answer *
cache_get(struct cache *c, struct key k, int64_t now, uint32_t *ttl)
{
	struct entry *e = find(c, k);

	if (e == NULL)
		return NULL;
	if (e->until <= now) {
		drop(c, e);
		return NULL;
	}
	TAILQ_REMOVE(&c->uses, e, used);
	TAILQ_INSERT_HEAD(&c->uses, e, used);
	*ttl = (uint32_t)((e->until - now + 999) / 1000);
	return e->answer;
}

const struct answer *
cache_put(struct cache *c, struct key k, struct answer *answer, int64_t now,
    uint32_t *ttl)
{
	struct entry *e = find(c, k);

	if (e != NULL)
		drop(c, e);
	while (c->count >= c->max && c->count > 0)
		drop(c, TAILQ_LAST(&c->uses, uses));
	e = mem_zero(1, sizeof(*e));
	e->name = mem_copy_string(k.name);
	e->type = k.type;
	e->answer = answer;
	*ttl = ttl_bounded(answer);
	e->until = now + (int64_t)*ttl * 1000;
	LIST_INSERT_HEAD(chain_of(c, k), e, chained);
	TAILQ_INSERT_HEAD(&c->uses, e, used);
	c->count++;
	return answer;
}
