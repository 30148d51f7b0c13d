/* SPDX-License-Identifier: ISC */
/* resolve/flight.c - questions that are under way, each asked once. */
#include "resolve/flight.h"

#include "common/base/alloc.h"

enum { CHAINS = 4096 };

TAILQ_HEAD(waits, wait);
LIST_HEAD(chain, flight);

struct flight {
	char *name;
	uint16_t type;
	struct waits waits;
	LIST_ENTRY(flight) chained;
};

struct flights {
	uint64_t seed;
	size_t count;
	struct chain chains[CHAINS];
};

struct flights *
flights_new(uint64_t seed)
{
	struct flights *fs = mem_zero(1, sizeof(*fs));

	fs->seed = seed;
	return fs;
}

struct key
flight_key(const struct flight *f)
{
	struct key k = { f->name, f->type };

	return k;
}

static void
take_out(struct flights *fs, struct flight *f)
{
	LIST_REMOVE(f, chained);
	fs->count--;
}

static struct wait *
next_wait(struct flight *f)
{
	struct wait *w = TAILQ_FIRST(&f->waits);

	if (w != NULL)
		flight_leave(w);
	return w;
}

static void
flight_free(struct flight *f)
{
	mem_free(f->name);
	mem_free(f);
}

void
flights_free(struct flights *fs)
{
	struct flight *f;

	for (size_t i = 0; i < CHAINS; i++) {
		while ((f = LIST_FIRST(&fs->chains[i])) != NULL) {
			take_out(fs, f);
			while (next_wait(f) != NULL)
				;
			flight_free(f);
		}
	}
	mem_free(fs);
}

size_t
flights_count(const struct flights *fs)
{
	return fs->count;
}

struct flight *
flight_join(struct flights *fs, struct key k, struct wait *w, bool *fresh)
{
	struct chain *chain = &fs->chains[key_hash(k, fs->seed) % CHAINS];
	struct flight *f;

	LIST_FOREACH (f, chain, chained) {
		if (key_eq(flight_key(f), k))
			break;
	}
	*fresh = f == NULL;
	if (f == NULL) {
		f = mem_zero(1, sizeof(*f));
		f->name = mem_copy_string(k.name);
		f->type = k.type;
		TAILQ_INIT(&f->waits);
		LIST_INSERT_HEAD(chain, f, chained);
		fs->count++;
	}
	w->flight = f;
	TAILQ_INSERT_TAIL(&f->waits, w, next);
	return f;
}

void
flight_leave(struct wait *w)
{
	if (w->flight == NULL)
		return;
	TAILQ_REMOVE(&w->flight->waits, w, next);
	w->flight = NULL;
}

void
flight_land(
    struct flights *fs, struct flight *f, const struct answer *a, uint32_t ttl)
{
	struct wait *w;

	/* gone first: who hears the answer may ask the same again */
	take_out(fs, f);
	while ((w = next_wait(f)) != NULL)
		w->done(w, a, ttl);
	flight_free(f);
}
