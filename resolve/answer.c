/* SPDX-License-Identifier: ISC */
/* resolve/answer.c - what the DNS said, in the plain form of this program. */
#include "resolve/answer.h"

#include "common/base/alloc.h"

struct answer *
answer_new(enum answer_kind kind, size_t room)
{
	struct answer *a =
	    mem_zero(1, sizeof(*a) + room * sizeof(a->records[0]));

	a->kind = kind;
	return a;
}

struct answer *
answer_new_trouble(const char *text)
{
	struct answer *a = answer_new(ANSWER_TROUBLE, 0);

	a->text = mem_copy_string(text);
	return a;
}

void
answer_free(struct answer *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->count; i++)
		mem_free(a->records[i].host);
	mem_free(a->text);
	mem_free(a->alias);
	mem_free(a);
}

void
answer_add_mx(struct answer *a, uint16_t preference, const char *host)
{
	struct answer_record *r = &a->records[a->count++];

	r->preference = preference;
	r->host = mem_copy_string(host);
}

void
answer_add_ip(struct answer *a, const struct ip *ip)
{
	a->records[a->count++].ip = *ip;
}
