/* SPDX-License-Identifier: ISC */
/* tests/lib/samples.c - times in microseconds, and their percentiles. */
#include "tests/lib/samples.h"

#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES_FIRST = 4096 };

void
samples_add(struct samples *s, int64_t us)
{
	if (s->n == s->size) {
		s->size = s->size == 0 ? SAMPLES_FIRST : s->size * 2;
		s->us = mem_grow(s->us, s->size, sizeof(s->us[0]));
	}
	s->us[s->n++] = us < 0            ? 0
			: us > UINT32_MAX ? UINT32_MAX
					  : (uint32_t)us;
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

uint32_t
samples_at(struct samples *s, unsigned int percent)
{
	size_t rank;

	if (s->n == 0)
		return 0;
	qsort(s->us, s->n, sizeof(s->us[0]), compare);
	rank = (s->n * percent + 99) / 100;
	return s->us[rank == 0 ? 0 : rank - 1];
}

void
samples_json(struct samples *s, const char *name, struct buf *out)
{
	buf_printf(out, "\"%s\":{\"p50\":%u,\"p95\":%u,\"p99\":%u,\"max\":%u}",
	    name, samples_at(s, 50), samples_at(s, 95), samples_at(s, 99),
	    samples_at(s, 100));
}

void
samples_free(struct samples *s)
{
	mem_free(s->us);
	memset(s, 0, sizeof(*s));
}
