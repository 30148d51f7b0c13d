/* SPDX-License-Identifier: ISC */
/* queue/admit_index.h - finds what a message has already. (pure)
 *
 * A table from hashes to places, so that the ten-thousandth recipient costs
 * no more than the first.  What a place holds is compared by the caller; the
 * hash is keyed, since strangers choose the addresses.
 */
#ifndef QUEUE_ADMIT_INDEX_H
#define QUEUE_ADMIT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admit_index;

struct admit_place {
	uint64_t hash; /* 0: none */
	uint32_t group, rcpt;
};

struct admit_index *admit_index_new(uint64_t key);
void admit_index_free(struct admit_index *); /* NULL is welcome */

uint64_t admit_index_hash(
    const struct admit_index *, const void *owner, const char *text);
void admit_index_add(struct admit_index *, const struct admit_place *);
/* The next one with that hash; *at is 0 at first.  NULL: no more.  Lent until
 * the next add. */
struct admit_place *admit_index_next(
    struct admit_index *, uint64_t hash, size_t *at);

#endif
