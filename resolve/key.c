/* SPDX-License-Identifier: ISC */
/* resolve/key.c - name and type, by which answers and flights are found. */
#include "resolve/key.h"

#include <string.h>

uint64_t
key_hash(struct key k, uint64_t seed)
{
	const uint64_t prime = 0x100000001b3; /* FNV-1a, 64 bits */
	uint64_t h = (seed ^ k.type) * prime;

	for (const char *p = k.name; *p != '\0'; p++) {
		h = (h ^ (uint8_t)*p) * prime;
		h ^= h >> 29; /* lets the seed's upper half reach the lower */
	}
	return h ^ h >> 32;
}

bool
key_eq(struct key a, struct key b)
{
	return a.type == b.type && strcmp(a.name, b.name) == 0;
}
