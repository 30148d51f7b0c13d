/* SPDX-License-Identifier: ISC */
/* tests/lib/idset.c - which 64-bit sums have been seen before. */
#include "tests/lib/idset.h"

#include "common/base/alloc.h"

#include <string.h>

enum { IDSET_FIRST = 4096 };

static bool
insert(struct idset *s, uint64_t sum)
{
	size_t i = (size_t)sum & (s->size - 1);

	while (s->slots[i] != 0 && s->slots[i] != sum)
		i = (i + 1) & (s->size - 1);
	if (s->slots[i] == sum)
		return false;
	s->slots[i] = sum;
	s->n++;
	return true;
}

static void
enlarge(struct idset *s)
{
	struct idset old = *s;

	s->size = old.size == 0 ? IDSET_FIRST : old.size * 2;
	s->slots = mem_zero(s->size, sizeof(s->slots[0]));
	s->n = 0;
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i] != 0)
			insert(s, old.slots[i]);
	mem_free(old.slots);
}

bool
idset_add(struct idset *s, uint64_t sum)
{
	if (s->n * 2 >= s->size)
		enlarge(s);
	return insert(s, sum == 0 ? 1 : sum);
}

void
idset_free(struct idset *s)
{
	mem_free(s->slots);
	memset(s, 0, sizeof(*s));
}
