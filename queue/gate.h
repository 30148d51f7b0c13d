/* SPDX-License-Identifier: ISC */
/* queue/gate.h - what several destinations share (pure).
 *
 * A gate has the name of a host or a domain.  One that is known as the host
 * by which destinations were reached has a window of deliveries under way at
 * once, for all of them together: 20,000 domains may live behind one
 * provider's hosts.  One that the configuration limits has a pace: so long
 * from one transaction to the next, which keeps the limit over a restart too,
 * as the first one waits as long.  A destination that finds a gate shut stands
 * in the gate's line, and so costs nothing until it is let in.
 *
 * Which host a destination was reached by is remembered for an hour, of so
 * many destinations.
 */
#ifndef QUEUE_GATE_H
#define QUEUE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
	GATE_WINDOW_START = 2,
	GATE_BUCKETS = 4096,
	GATE_REMEMBERED = 20000,
	GATE_MEMORY_MS = 60 * 60 * 1000
};

struct destination;
struct remembered;
TAILQ_HEAD(destination_line, destination);
TAILQ_HEAD(gate_list, gate);

struct gate {
	char *name;
	size_t refs;
	unsigned int window; /* 0: no host, as far as is known */
	size_t nopen;        /* under way by this host */
	int64_t pace;        /* us between two transactions; 0: no limit */
	int64_t next;        /* us, wall clock: none before */
	struct destination_line blocked;
	bool timed; /* some of those wait for its pace */
	TAILQ_ENTRY(gate) entry;
	struct gate *same; /* in its bucket */
};

struct gates {
	unsigned int window_max;
	struct gate *bucket[GATE_BUCKETS];
	struct gate_list timed;
	struct remembered *memory[GATE_BUCKETS];
	TAILQ_HEAD(remembered_list, remembered) oldest; /* first */
	size_t nremembered;
};

void gates_init(struct gates *, unsigned int window_max);
void gates_clear(struct gates *); /* nobody holds one any more */

/* The gate of that name with one more reference, NULL when there is none. */
struct gate *gate_find(struct gates *, const char *name);
/* The same, made as a host's if need be. */
struct gate *gate_host(struct gates *, const char *name);
void gate_release(struct gates *, struct gate *); /* NULL is welcome */
/* The configuration's: that long between transactions. Stays. */
void gate_limit(struct gates *, const char *name, int64_t us, int64_t now);

/* May one more go through?  Times are ms. */
bool gate_full(const struct gate *); /* by its window */
bool gate_early(struct gate *, int64_t now);
void gate_spend(struct gate *, int64_t now); /* one transaction */
/* What was spent at that time did not take place. */
void gate_refund(struct gate *, int64_t spent, int64_t now);
/* The host answered; or could not be reached. */
void gate_succeeded(const struct gates *, struct gate *);
void gate_failed(struct gate *);

/* The destination of this number was reached by this host. */
void gate_remember(
    struct gates *, uint64_t key, const struct gate *, int64_t at);
/* The host with one more reference and since when it is known; it is
 * forgotten here.  NULL: not known. */
struct gate *gate_recall(struct gates *, uint64_t key, int64_t *at);

#endif
