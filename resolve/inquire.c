/* SPDX-License-Identifier: ISC */
/* resolve/inquire.c - one question, answered from the cache or from outside. */
#include "resolve/inquire.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "resolve/cache.h"
#include "resolve/proof.h"
#include "resolve/random.h"
#include "resolve/transport.h"

static struct {
	struct cache *cache;
	struct flights *flights;
} self;

/* One flight on its way through CNAMEs that lead from packet to packet. */
struct journey {
	struct flight *flight;
	unsigned int cnames; /* followed so far */
	uint32_t ttl;        /* the least of theirs */
};

static uint64_t
seed(void)
{
	uint64_t s;

	random_bytes(&s, sizeof(s));
	return s;
}

void
inquire_start(struct event_base *base, const struct conf *conf)
{
	self.cache = cache_new(CACHE_ENTRIES, seed());
	self.flights = flights_new(seed());
	transport_start(base, conf);
	proof_start(base, conf);
}

static void
arrive(struct journey *j, struct answer *answer)
{
	struct flight *f = j->flight;
	const struct answer *kept;
	uint32_t ttl;

	if (answer->ttl > j->ttl)
		answer->ttl = j->ttl;
	mem_free(j);
	kept =
	    cache_put(self.cache, flight_key(f), answer, clock_mono_ms(), &ttl);
	flight_land(self.flights, f, kept, ttl);
}

static void
on_outcome(void *arg, const struct outcome *o)
{
	struct journey *j = arg;
	struct key next = { o->alias, flight_key(j->flight).type };

	if (o->answer != NULL) {
		/* "secure" would need every link of the chain to be */
		o->answer->secure = o->answer->secure && j->cnames == 0;
		arrive(j, o->answer);
		return;
	}
	j->cnames += o->cnames;
	j->ttl = o->alias_ttl < j->ttl ? o->alias_ttl : j->ttl;
	if (j->cnames > QUESTION_CNAMES)
		arrive(j, answer_new_trouble("too many CNAMEs"));
	else
		transport_ask(next, on_outcome, j);
}

static void
refuse(struct wait *w)
{
	struct answer *a = answer_new_trouble("too many questions at once");

	w->done(w, a, CACHE_TTL_TROUBLE);
	answer_free(a);
}

void
inquire(struct key k, struct wait *w)
{
	const struct answer *known;
	struct journey *j;
	struct flight *f;
	uint32_t ttl;
	bool fresh;

	known = cache_get(self.cache, k, clock_mono_ms(), &ttl);
	if (known != NULL) {
		w->done(w, known, ttl);
		return;
	}
	if (flights_count(self.flights) >= INQUIRE_FLIGHTS) {
		refuse(w);
		return;
	}
	f = flight_join(self.flights, k, w, &fresh);
	if (!fresh)
		return;
	j = mem_zero(1, sizeof(*j));
	j->flight = f;
	j->ttl = UINT32_MAX;
	transport_ask(flight_key(f), on_outcome, j);
}
