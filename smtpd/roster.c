/* SPDX-License-Identifier: ISC */
/* smtpd/roster.c - where each client stands, and since when. */
#include "smtpd/roster.h"

#include "common/base/clock.h"
#include "smtpd/client.h"

void
roster_init(struct roster *r)
{
	for (size_t i = 0; i < PLACE_COUNT; i++)
		TAILQ_INIT(&r->places[i]);
	r->nclients = r->nturned_away = 0;
}

static size_t *
count_of(struct roster *r, const struct client *c)
{
	return c->farewell == NULL ? &r->nclients : &r->nturned_away;
}

static void
enter(struct roster *r, struct client *c, enum place place)
{
	c->place = place;
	c->since = clock_mono_ms();
	TAILQ_INSERT_TAIL(&r->places[place], c, neighbours);
}

void
roster_add(struct roster *r, struct client *c, enum place place)
{
	enter(r, c, place);
	++*count_of(r, c);
}

void
roster_remove(struct roster *r, struct client *c)
{
	TAILQ_REMOVE(&r->places[c->place], c, neighbours);
	--*count_of(r, c);
}

void
roster_move(struct roster *r, struct client *c, enum place place)
{
	TAILQ_REMOVE(&r->places[c->place], c, neighbours);
	enter(r, c, place);
}

struct client *
roster_first(const struct roster *r, enum place place)
{
	return TAILQ_FIRST(&r->places[place]);
}

struct client *
roster_overdue(
    const struct roster *r, enum place place, int64_t now_ms, int64_t limit_ms)
{
	struct client *c = TAILQ_FIRST(&r->places[place]);

	return c != NULL && now_ms - c->since >= limit_ms ? c : NULL;
}
