/* SPDX-License-Identifier: ISC */
/* tests/unit/schedule_stand.h - a schedule, and groups that are in line. */
#ifndef TESTS_UNIT_SCHEDULE_STAND_H
#define TESTS_UNIT_SCHEDULE_STAND_H

#include "queue/schedule.h"

#include "common/base/alloc.h"
#include "tests/unit/check.h"

enum { NOW = 1000000, MINUTE = 60000, MANY = 200 };

static struct schedule s;
static struct group *groups[MANY];
static size_t ngroups;

static inline int
set_up(void **state)
{
	(void)state;
	schedule_init(&s, 20, 100, 1);
	ngroups = 0;
	return 0;
}

static inline int
tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < ngroups; i++) {
		if (groups[i]->gate != NULL)
			schedule_ended(&s, groups[i], OUTCOME_ABORTED, "", 1);
		groups[i]->destination->nopen = 0;
		if (groups[i]->line != NULL)
			schedule_drop(&s, groups[i]);
	}
	for (size_t i = 0; i < ngroups; i++)
		group_free(groups[i]);
	schedule_clear(&s);
	return 0;
}

/* A new message of that sender with one group in line for the next hop. */
static inline struct group *
add_whose(const char *sender, enum transport transport, const char *host,
    uint16_t port)
{
	struct message *m = message_new();
	struct group *g = group_new(m, 1);

	m->sender = mem_copy_string(sender);
	message_release(m);
	m->id = ngroups + 1;
	g->destination = schedule_destination(&s, transport, host, port);
	schedule_hold(&s, g);
	schedule_ready(&s, g);
	groups[ngroups++] = g;
	return g;
}

static inline struct group *
add_from(const char *sender, const char *host)
{
	return add_whose(sender, TRANSPORT_MX, host, 25);
}

static inline struct group *
add_to(enum transport transport, const char *host, uint16_t port)
{
	return add_whose("a@client.example", transport, host, port);
}

static inline struct group *
add(const char *host)
{
	return add_from("a@client.example", host);
}

static inline size_t
open_all(int64_t now)
{
	size_t n = 0;

	while (schedule_next(&s, now) != NULL)
		n++;
	return n;
}

#endif
