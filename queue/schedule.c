/* SPDX-License-Identifier: ISC */
/* queue/schedule.c - who is tried next. */
#include "queue/schedule.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"

#include <string.h>

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, DESTINATION_CAP = HOUR };

void
schedule_init(
    struct schedule *s, unsigned int window_max, size_t open_max, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->window_max = window_max;
	s->open_max = open_max;
	s->random = seed;
	TAILQ_INIT(&s->ring);
}

static size_t
bucket_of(enum transport transport, const char *host, uint16_t port)
{
	uint64_t h = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (; *host != '\0'; host++)
		h = (h ^ (unsigned char)*host) * 0x100000001b3ULL;
	h = (h ^ port) * 0x100000001b3ULL;
	h = (h ^ (uint64_t)transport) * 0x100000001b3ULL;
	return (size_t)((h ^ h >> 32) % SCHEDULE_BUCKETS);
}

struct destination *
schedule_find(struct schedule *s, enum transport transport, const char *host,
    uint16_t port)
{
	struct destination *d = s->bucket[bucket_of(transport, host, port)];

	while (d != NULL && (d->transport != transport || d->port != port ||
				strcmp(d->host, host) != 0))
		d = d->next;
	return d;
}

struct destination *
schedule_destination(struct schedule *s, enum transport transport,
    const char *host, uint16_t port)
{
	struct destination *d = schedule_find(s, transport, host, port);
	size_t b = bucket_of(transport, host, port);

	if (d != NULL)
		return d;
	d = mem_zero(1, sizeof(*d));
	d->transport = transport;
	d->port = port;
	if (!view_copy(view_of(host), d->host, sizeof(d->host)))
		panic("a next hop of %zu bytes", strlen(host));
	TAILQ_INIT(&d->line);
	d->window = SCHEDULE_WINDOW_START;
	if (d->window > s->window_max)
		d->window = s->window_max;
	d->next = s->bucket[b];
	s->bucket[b] = d;
	s->ndestinations++;
	return d;
}

static void
ring_leave(struct schedule *s, struct destination *d)
{
	if (d->in_ring)
		TAILQ_REMOVE(&s->ring, d, ring);
	d->in_ring = false;
}

/* In the ring exactly while something in line could be tried. */
static void
ring_settle(struct schedule *s, struct destination *d)
{
	unsigned int window = d->probing ? 1 : d->window;
	bool may = !TAILQ_EMPTY(&d->line) && d->nopen < window;

	if (!may) {
		ring_leave(s, d);
	} else if (!d->in_ring) {
		TAILQ_INSERT_TAIL(&s->ring, d, ring);
		d->in_ring = true;
	}
}

void
schedule_forget(struct schedule *s, struct destination *d)
{
	struct destination **p =
	    &s->bucket[bucket_of(d->transport, d->host, d->port)];

	if (d->ngroups > 0 || d->nopen > 0)
		panic("destination %s is in use", d->host);
	ring_leave(s, d);
	while (*p != d)
		p = &(*p)->next;
	*p = d->next;
	s->ndestinations--;
	mem_free(d);
}

void
schedule_clear(struct schedule *s)
{
	for (size_t i = 0; i < SCHEDULE_BUCKETS; i++)
		while (s->bucket[i] != NULL)
			schedule_forget(s, s->bucket[i]);
}

size_t
schedule_room(const struct schedule *s, const struct destination *d)
{
	size_t each = s->ngroups < SCHEDULE_GROUPS / 2 ? SCHEDULE_GROUPS_ROOMY
						       : SCHEDULE_GROUPS_EACH;

	if (s->ngroups >= SCHEDULE_GROUPS || d->ngroups >= each)
		return 0;
	return each - d->ngroups;
}

bool
schedule_admits(
    const struct schedule *s, const struct destination *d, int64_t now)
{
	return d->not_before <= now && !d->probing && schedule_room(s, d) > 0;
}

void
schedule_hold(struct schedule *s, struct group *g)
{
	g->destination->ngroups++;
	s->ngroups++;
}

void
schedule_unready(struct schedule *s, struct group *g)
{
	if (g->in_line)
		TAILQ_REMOVE(&g->destination->line, g, ready);
	g->in_line = false;
	ring_settle(s, g->destination);
}

void
schedule_drop(struct schedule *s, struct group *g)
{
	struct destination *d = g->destination;

	schedule_unready(s, g);
	d->ngroups--;
	s->ngroups--;
}

void
schedule_ready(struct schedule *s, struct group *g)
{
	TAILQ_INSERT_TAIL(&g->destination->line, g, ready);
	g->in_line = true;
	ring_settle(s, g->destination);
}

void
schedule_take(struct schedule *s, struct group *g)
{
	schedule_unready(s, g);
	g->destination->nopen++;
	s->nopen++;
	ring_settle(s, g->destination);
}

struct group *
schedule_next(struct schedule *s, int64_t now)
{
	struct destination *d, *next;
	struct group *g;

	if (s->nopen >= s->open_max)
		return NULL;
	TAILQ_FOREACH_SAFE (d, &s->ring, ring, next) {
		if (d->not_before > now) {
			ring_leave(s, d);
			continue;
		}
		g = TAILQ_FIRST(&d->line);
		/* to the back of the ring, or out of it */
		ring_leave(s, d);
		schedule_take(s, g);
		return g;
	}
	return NULL;
}

static void
succeeded(struct schedule *s, struct destination *d)
{
	d->failures = 0;
	d->not_before = 0;
	d->probing = false;
	if (d->window < s->window_max)
		d->window++;
}

/* True when the destination goes to sleep by this. */
static bool
unreachable(struct schedule *s, struct destination *d, int64_t now)
{
	d->window = d->window > 1 ? d->window / 2 : 1;
	/* what failed beside the one that put it to sleep counts once */
	if (d->not_before > now)
		return false;
	d->failures++;
	d->not_before = now + schedule_pause(s, d->failures, DESTINATION_CAP);
	d->probing = true;
	return true;
}

bool
schedule_ended(
    struct schedule *s, struct group *g, enum outcome outcome, int64_t now)
{
	struct destination *d = g->destination;
	bool sleeps = false;

	d->nopen--;
	s->nopen--;
	switch (outcome) {
	case OUTCOME_SUCCESS:
		succeeded(s, d);
		break;
	case OUTCOME_UNREACHABLE:
		sleeps = unreachable(s, d, now);
		break;
	case OUTCOME_ABORTED:
		break;
	}
	ring_settle(s, d);
	return sleeps;
}

void
schedule_wake(struct schedule *s, struct destination *d)
{
	d->not_before = 0;
	ring_settle(s, d);
}

static uint32_t
random_next(struct schedule *s)
{
	/* the constants of Knuth's MMIX generator; jitter needs no more */
	s->random = s->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(s->random >> 33);
}

int64_t
schedule_pause(struct schedule *s, unsigned int n, int64_t cap)
{
	static const int64_t pauses[] = { 5 * MINUTE, 15 * MINUTE, 30 * MINUTE,
		HOUR, 2 * HOUR, 4 * HOUR };
	int64_t pause;

	if (n == 0)
		n = 1;
	if (n > nitems(pauses))
		n = nitems(pauses);
	pause = pauses[n - 1];
	if (cap > 0 && pause > cap)
		pause = cap;
	/* 80 % to 120 % */
	return pause * (800 + (int64_t)(random_next(s) % 401)) / 1000;
}
