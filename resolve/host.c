/* SPDX-License-Identifier: ISC */
/* resolve/host.c - the addresses of a name: what A and AAAA say together. */
#include "resolve/host.h"

#include <string.h>

bool
host_take(struct host *h, enum host_family family, const struct answer *a,
    uint32_t ttl)
{
	struct host_part *p = &h->parts[family];

	p->known = true;
	p->kind = a->kind;
	p->secure = a->secure;
	p->ttl = ttl;
	for (size_t i = 0; i < a->count && p->count < ANSWER_ADDR_MAX; i++)
		p->ips[p->count++] = a->records[i].ip;
	if (a->alias != NULL)
		view_copy(view_of(a->alias), p->alias, sizeof(p->alias));
	if (a->text != NULL)
		view_copy(view_of(a->text), p->text, sizeof(p->text));
	return h->parts[HOST_SIX].known && h->parts[HOST_FOUR].known;
}

size_t
host_ips(const struct host *h, struct ip out[ANSWER_ADDR_MAX])
{
	const struct host_part *six = &h->parts[HOST_SIX];
	const struct host_part *four = &h->parts[HOST_FOUR];
	size_t n = 0;

	for (size_t i = 0; i < six->count || i < four->count; i++) {
		if (i < six->count && n < ANSWER_ADDR_MAX)
			out[n++] = six->ips[i];
		if (i < four->count && n < ANSWER_ADDR_MAX)
			out[n++] = four->ips[i];
	}
	return n;
}

/* Whose word is it?  The part that decides the kind. */
static const struct host_part *
decisive(const struct host *h)
{
	static const enum answer_kind order[] = { ANSWER_FOUND, ANSWER_TROUBLE,
		ANSWER_NONE };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		for (size_t f = 0; f < HOST_FAMILIES; f++)
			if (h->parts[f].kind == order[i])
				return &h->parts[f];
	return &h->parts[HOST_FOUR];
}

void
host_end(const struct host *h, struct msg_answer_end *end)
{
	const struct host_part *six = &h->parts[HOST_SIX];
	const struct host_part *four = &h->parts[HOST_FOUR];
	const struct host_part *p = decisive(h);

	*end = (struct msg_answer_end){ 0 };
	end->kind = (uint8_t)p->kind;
	end->ttl = six->ttl < four->ttl ? six->ttl : four->ttl;
	end->secure = (six->secure || six->kind == ANSWER_TROUBLE) &&
		      (four->secure || four->kind == ANSWER_TROUBLE) &&
		      p->kind != ANSWER_TROUBLE;
	memcpy(end->alias, p->alias, sizeof(end->alias));
	view_copy(view_of(p->text), end->text, sizeof(end->text));
}
