/* SPDX-License-Identifier: ISC */
/* common/base/census.h - how many clients of each address there are, and what
 * they did lately, over all smtpd workers.
 *
 * One table in shared memory, of fixed size, a column for each worker.  A
 * worker writes its own column and reads all; nobody waits for anybody, and
 * the sums may miss what happens in the same instant.  An address is an IPv4
 * address or an IPv6 /64.  No I/O here: whoever has the memory says where it
 * is, and the time is told.
 *
 * A column has room for 32,768 addresses, 16 to a bucket.  One without a
 * connection gives way to a newer one, the longest unseen first, so that its
 * rates are forgotten early; one with a connection never does.  If a bucket is
 * full of those, census_enter() fails: the client has to come again.
 */
#ifndef COMMON_BASE_CENSUS_H
#define COMMON_BASE_CENSUS_H

#include "common/base/ip.h"

#include <stdatomic.h>

enum { CENSUS_COLUMNS = 128, CENSUS_BUCKETS = 2048, CENSUS_WAYS = 16 };

enum census_rate {
	CENSUS_CONNECTS,
	CENSUS_MESSAGES,
	CENSUS_RCPTS,
	CENSUS_ERRORS,
	CENSUS_RATES
};

/* Of the window under way and the one before: what is older has no say. */
struct census_count {
	_Atomic uint32_t window, now, before;
};

struct census_slot {
	_Atomic uint64_t key; /* 0: free */
	_Atomic uint32_t seen, connections;
	struct census_count rates[CENSUS_RATES];
};

struct census_column {
	struct census_slot slots[CENSUS_BUCKETS][CENSUS_WAYS];
};

/* Written by posternd alone; a page of its own. */
struct census_head {
	uint64_t seed; /* nobody can choose addresses of one bucket */
	_Atomic uint32_t active[CENSUS_COLUMNS];
	unsigned char rest[4096 - 8 - 4 * CENSUS_COLUMNS];
};

struct census_table {
	struct census_head head;
	struct census_column columns[CENSUS_COLUMNS];
};

struct census {
	const struct census_table *all; /* lent; need not be writable */
	struct census_column *mine;     /* lent */
};

uint64_t census_key(const struct ip *); /* never 0; the address must be set */
uint32_t census_connections(const struct census *, uint64_t key);
/* How often in the last so many seconds, estimated. */
uint32_t census_rate(const struct census *, uint64_t key, enum census_rate,
    uint32_t seconds, int64_t now_ms);
/* A connection begins.  False: no room for it. */
bool census_enter(struct census *, uint64_t key, int64_t now_ms);
void census_leave(struct census *, uint64_t key);
/* So often more, of a client that has a connection. */
void census_note(struct census *, uint64_t key, enum census_rate,
    uint32_t seconds, int64_t now_ms);

#endif
