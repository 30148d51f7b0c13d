/* SPDX-License-Identifier: ISC */
/* common/ipc/conv.c - the open conversations of one channel. */
#include "common/ipc/conv.h"

#include "common/base/alloc.h"

static size_t
bucket_of(uint64_t id)
{
	return (size_t)(id % CONV_BUCKETS);
}

struct conv *
conv_find(const struct conv_table *t, bool ours, uint64_t id)
{
	struct conv *c = t->bucket[bucket_of(id)];

	while (c != NULL && (c->id != id || c->ours != ours))
		c = c->next;
	return c;
}

/* The place of the type's count, or CONV_TYPES when it has none yet. */
static size_t
used_find(const struct conv_table *t, bool ours, const struct ipc_type *type)
{
	size_t i = 0;

	while (i < CONV_TYPES &&
	       (t->used[i].type != type || t->used[i].ours != ours))
		i++;
	return i;
}

/* Made where none is open; CONV_TYPES: nowhere. */
static size_t
used_make(struct conv_table *t, bool ours, const struct ipc_type *type)
{
	size_t i = used_find(t, ours, type);

	if (i < CONV_TYPES)
		return i;
	i = 0;
	while (i < CONV_TYPES && t->used[i].open > 0)
		i++;
	if (i == CONV_TYPES)
		return i;
	t->used[i].type = type;
	t->used[i].ours = ours;
	return i;
}

size_t
conv_count(const struct conv_table *t, bool ours, const struct ipc_type *type)
{
	size_t i = used_find(t, ours, type);

	return i == CONV_TYPES ? 0 : t->used[i].open;
}

struct conv *
conv_add(
    struct conv_table *t, bool ours, uint64_t id, const struct ipc_type *type)
{
	size_t i = used_make(t, ours, type);
	struct conv *c;

	if (i == CONV_TYPES || t->used[i].open >= type->credit)
		return NULL;
	if (id == 0)
		id = ++t->last_id;
	if (conv_find(t, ours, id) != NULL)
		return NULL;
	c = mem_zero(1, sizeof(*c));
	c->id = id;
	c->ours = ours;
	c->opener = type;
	c->next = t->bucket[bucket_of(id)];
	t->bucket[bucket_of(id)] = c;
	t->used[i].open++;
	return c;
}

void
conv_remove(struct conv_table *t, struct conv *conv)
{
	struct conv **p = &t->bucket[bucket_of(conv->id)];

	while (*p != conv)
		p = &(*p)->next;
	*p = conv->next;
	t->used[used_find(t, conv->ours, conv->opener)].open--;
}

struct conv *
conv_any(const struct conv_table *t)
{
	for (size_t i = 0; i < CONV_BUCKETS; i++)
		if (t->bucket[i] != NULL)
			return t->bucket[i];
	return NULL;
}
