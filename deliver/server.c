/* SPDX-License-Identifier: ISC */
/* deliver/server.c - the addresses that this worker has to do with. */
#include "deliver/server.h"

#include "common/base/alloc.h"
#include "deliver/policy.h"

void
servers_init(struct servers *s)
{
	for (size_t i = 0; i < SERVER_BUCKETS; i++)
		LIST_INIT(&s->buckets[i]);
}

struct server *
server_of(struct servers *all, const struct ip *ip, uint16_t port)
{
	struct server_list *list =
	    &all->buckets[ip_hash(ip, port) % SERVER_BUCKETS];
	struct server *s;

	LIST_FOREACH (s, list, entry)
		if (s->port == port && ip_eq(&s->ip, ip))
			return s;
	s = mem_zero(1, sizeof(*s));
	s->ip = *ip;
	s->port = port;
	TAILQ_INIT(&s->idle);
	TAILQ_INIT(&s->line);
	LIST_INSERT_HEAD(list, s, entry);
	return s;
}

struct conn *
server_idle(const struct server *s, const struct conn_policy *p)
{
	struct conn *c;

	TAILQ_FOREACH (c, &s->idle, entry)
		if (policy_is_met(c, p))
			return c;
	return NULL;
}

bool
server_room(struct server *s, size_t max)
{
	struct conn *c = TAILQ_LAST(&s->idle, conn_list);

	if (s->nconns < max)
		return true;
	if (c == NULL)
		return false;
	TAILQ_REMOVE(&s->idle, c, entry);
	server_close(c);
	return true;
}

void
server_close(struct conn *c)
{
	c->server->nconns--;
	conn_quit(c);
}

void
server_drop(struct conn *c)
{
	c->server->nconns--;
	conn_drop(c);
}

void
server_release(struct server *s)
{
	if (s->nconns > 0 || s->busy || !TAILQ_EMPTY(&s->line))
		return;
	LIST_REMOVE(s, entry);
	mem_free(s);
}
