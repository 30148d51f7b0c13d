/* SPDX-License-Identifier: ISC */
/* deliver/server.c - the addresses that this worker has to do with. */
#include "deliver/server.h"

#include "common/base/alloc.h"

void
servers_init(struct servers *s)
{
	for (size_t i = 0; i < SERVER_BUCKETS; i++)
		LIST_INIT(&s->buckets[i]);
}

static size_t
bucket_of(const struct ip *ip, uint16_t port)
{
	uint32_t h = 2166136261U ^ port; /* FNV-1a */

	for (size_t i = 0; i < sizeof(ip->bytes); i++)
		h = (h ^ ip->bytes[i]) * 16777619U;
	return h % SERVER_BUCKETS;
}

struct server *
server_of(struct servers *all, const struct ip *ip, uint16_t port)
{
	struct server_list *list = &all->buckets[bucket_of(ip, port)];
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

void
server_release(struct server *s)
{
	if (s->nconns > 0 || s->busy || !TAILQ_EMPTY(&s->line))
		return;
	LIST_REMOVE(s, entry);
	mem_free(s);
}
