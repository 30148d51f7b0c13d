/* SPDX-License-Identifier: ISC */
/* tests/lib/idset.h - which 64-bit sums have been seen before. */
#ifndef TESTS_LIB_IDSET_H
#define TESTS_LIB_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idset {
	uint64_t *slots; /* 0: free */
	size_t size;     /* a power of two, or 0 */
	size_t n;
};

/* True when the sum was not there yet. */
bool idset_add(struct idset *, uint64_t);
void idset_free(struct idset *);

#endif
