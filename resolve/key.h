/* SPDX-License-Identifier: ISC */
/* resolve/key.h - name and type, by which answers and flights are found. */
#ifndef RESOLVE_KEY_H
#define RESOLVE_KEY_H

#include <stdbool.h>
#include <stdint.h>

struct key {
	const char *name; /* normalised */
	uint16_t type;    /* enum dns_type */
};

/* The seed is secret, so that nobody can choose names that collide. */
uint64_t key_hash(struct key, uint64_t seed);
bool key_eq(struct key, struct key);

#endif
