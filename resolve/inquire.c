/* SPDX-License-Identifier: ISC */
/* resolve/inquire.c - one question, answered from the cache or from outside. */
#include "resolve/inquire.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "resolve/cache.h"
#include "resolve/proof.h"
#include "resolve/random.h"
#include "resolve/transport.h"

static const struct {
	size_t cached, flights;
} bounds[DESKS] = {
	[DESK_MAIL] = { CACHE_ENTRIES, 16384 },
	[DESK_CLIENTS] = { CACHE_ENTRIES / 4, 1024 },
};

static struct {
	struct cache *cache;
	struct flights *flights;
} desks[DESKS];

/* One flight on its way through CNAMEs that lead from packet to packet. */
struct journey {
	enum desk desk;
	struct flight *flight;
	unsigned int cnames;           /* followed so far */
	uint32_t ttl;                  /* the least of theirs */
	char name[MSG_DOMAIN_MAX + 1]; /* asked for now */
	struct answer *trouble;        /* while it is asked what that was */
	struct extended extended;
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
	for (size_t i = 0; i < DESKS; i++) {
		desks[i].cache = cache_new(bounds[i].cached, seed());
		desks[i].flights = flights_new(seed());
	}
	transport_start(base, conf);
	proof_start(base, conf);
}

static void
arrive(struct journey *j, struct answer *answer)
{
	enum desk d = j->desk;
	struct flight *f = j->flight;
	const struct answer *kept;
	uint32_t ttl;

	if (answer->ttl > j->ttl)
		answer->ttl = j->ttl;
	mem_free(j);
	kept = cache_put(
	    desks[d].cache, flight_key(f), answer, clock_mono_ms(), &ttl);
	flight_land(desks[d].flights, f, kept, ttl);
}

static void on_outcome(void *, const struct outcome *);

static struct key
key_now(const struct journey *j)
{
	struct key k = { j->name, flight_key(j->flight).type };

	return k;
}

static void
ask(struct journey *j, const char *name)
{
	view_copy(view_of(name), j->name, sizeof(j->name));
	transport_ask(key_now(j), on_outcome, j);
}

/* It stays trouble; its text is another. */
static void
arrive_bogus(struct journey *j, struct answer *trouble)
{
	char text[MSG_TEXT_MAX + 1];

	extended_tell_bogus(&j->extended, trouble->text, text, sizeof(text));
	answer_free(trouble);
	arrive(j, answer_new_trouble(text));
}

/* What is there without validation, and not with it, is bogus. */
static void
on_unchecked(void *arg, const struct outcome *o)
{
	struct journey *j = arg;
	bool there = o->answer == NULL || o->answer->kind != ANSWER_TROUBLE;

	answer_free(o->answer);
	if (there)
		arrive_bogus(j, j->trouble);
	else
		arrive(j, j->trouble);
}

/*
 * A resolver that validates says SERVFAIL, for what is bogus and for what is
 * broken.  It may say which; else one more question does (RFC 4035 3.2.2).
 */
static void
look_again(struct journey *j, const struct outcome *o)
{
	j->extended = *o->extended;
	if (extended_is_bogus(&j->extended)) {
		arrive_bogus(j, o->answer);
		return;
	}
	j->trouble = o->answer;
	transport_probe(o->resolver, key_now(j), QUESTION_CD, on_unchecked, j);
}

static void
on_outcome(void *arg, const struct outcome *o)
{
	struct journey *j = arg;

	if (o->suspect) {
		look_again(j, o);
		return;
	}
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
		ask(j, o->alias);
}

static void
refuse(struct wait *w)
{
	struct answer *a = answer_new_trouble("too many questions at once");

	w->done(w, a, CACHE_TTL_TROUBLE);
	answer_free(a);
}

void
inquire(enum desk d, struct key k, struct wait *w)
{
	const struct answer *known;
	struct journey *j;
	struct flight *f;
	uint32_t ttl;
	bool fresh;

	known = cache_get(desks[d].cache, k, clock_mono_ms(), &ttl);
	if (known != NULL) {
		w->done(w, known, ttl);
		return;
	}
	if (flights_count(desks[d].flights) >= bounds[d].flights) {
		refuse(w);
		return;
	}
	f = flight_join(desks[d].flights, k, w, &fresh);
	if (!fresh)
		return;
	j = mem_zero(1, sizeof(*j));
	j->desk = d;
	j->flight = f;
	j->ttl = UINT32_MAX;
	ask(j, flight_key(f).name);
}
