/* SPDX-License-Identifier: ISC */
/* common/base/alloc.c - the only caller of malloc and its relatives. */
#include "common/base/alloc.h"

#include "common/base/fatal.h"

#include <stdlib.h>
#include <string.h>

void *
mem_alloc(size_t size)
{
	void *p = malloc(size == 0 ? 1 : size);

	if (p == NULL)
		fatal("out of memory (%zu bytes)", size);
	return p;
}

void *
mem_zero(size_t count, size_t size)
{
	void *p = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);

	if (p == NULL)
		fatal("out of memory (%zu times %zu bytes)", count, size);
	return p;
}

void *
mem_grow(void *old, size_t count, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(count, size, &bytes))
		fatal("out of memory (%zu times %zu bytes)", count, size);
	p = realloc(old, bytes == 0 ? 1 : bytes);
	if (p == NULL)
		fatal("out of memory (%zu bytes)", bytes);
	return p;
}

char *
mem_copy_string(const char *s)
{
	size_t size = strlen(s) + 1;
	char *p = mem_alloc(size);

	memcpy(p, s, size);
	return p;
}

void
mem_free(void *p)
{
	free(p);
}
