/* SPDX-License-Identifier: ISC */
/* resolve/cache.h - answers until their time is over.
 *
 * Pure: the caller brings the time (milliseconds, never stepping back).
 * Times to live are bounded by kind: found 5 s to a day, "no" 5 s to 15
 * minutes (RFC 2308 5), trouble 5 s (RFC 2308 7.1).  When it is full the
 * entry that was not asked for longest goes.
 */
#ifndef RESOLVE_CACHE_H
#define RESOLVE_CACHE_H

#include "resolve/answer.h"
#include "resolve/key.h"

enum {
	CACHE_ENTRIES = 20000,
	CACHE_TTL_LEAST = 5, /* seconds, as all below */
	CACHE_TTL_MOST = 24 * 60 * 60,
	CACHE_TTL_NO_MOST = 15 * 60,
	CACHE_TTL_TROUBLE = 5
};

struct cache;

struct cache *cache_new(size_t max, uint64_t seed);
void cache_free(struct cache *);
size_t cache_count(const struct cache *);
/* Lent until the next call; NULL when not known.  *ttl: seconds left. */
const struct answer *cache_get(
    struct cache *, struct key, int64_t now, uint32_t *ttl);
/* Takes the answer, in place of an older one; returns it, lent, and *ttl. */
const struct answer *cache_put(
    struct cache *, struct key, struct answer *, int64_t now, uint32_t *ttl);

#endif
