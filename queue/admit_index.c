/* SPDX-License-Identifier: ISC */
/* queue/admit_index.c - finds what a message has already. */
#include "queue/admit_index.h"

#include "common/base/alloc.h"

enum { SIZE_FIRST = 16 }; /* a power of two, as all sizes are */

struct admit_index {
	uint64_t key;
	struct admit_place *places; /* open addressing, at most half full */
	size_t size, used;
};

struct admit_index *
admit_index_new(uint64_t key)
{
	struct admit_index *x = mem_zero(1, sizeof(*x));

	x->key = key;
	x->size = SIZE_FIRST;
	x->places = mem_zero(x->size, sizeof(*x->places));
	return x;
}

void
admit_index_free(struct admit_index *x)
{
	if (x != NULL)
		mem_free(x->places);
	mem_free(x);
}

static uint64_t
mix(uint64_t h)
{
	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

uint64_t
admit_index_hash(
    const struct admit_index *x, const void *owner, const char *text)
{
	uint64_t h = mix(x->key ^ (uint64_t)(uintptr_t)owner);

	for (; *text != '\0'; text++)
		h = mix(h ^ (unsigned char)*text) + x->key;
	return h == 0 ? 1 : h;
}

static void
put(struct admit_index *x, const struct admit_place *p)
{
	size_t i = (size_t)p->hash & (x->size - 1);

	while (x->places[i].hash != 0)
		i = (i + 1) & (x->size - 1);
	x->places[i] = *p;
}

static void
grow(struct admit_index *x)
{
	struct admit_place *old = x->places;
	size_t size = x->size;

	x->size *= 2;
	x->places = mem_zero(x->size, sizeof(*x->places));
	for (size_t i = 0; i < size; i++)
		if (old[i].hash != 0)
			put(x, &old[i]);
	mem_free(old);
}

void
admit_index_add(struct admit_index *x, const struct admit_place *p)
{
	if (2 * (x->used + 1) > x->size)
		grow(x);
	x->used++;
	put(x, p);
}

struct admit_place *
admit_index_next(struct admit_index *x, uint64_t hash, size_t *at)
{
	while (*at < x->size) {
		struct admit_place *p =
		    &x->places[(hash + (*at)++) & (x->size - 1)];

		if (p->hash == 0)
			return NULL;
		if (p->hash == hash)
			return p;
	}
	return NULL;
}
