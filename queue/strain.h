/* SPDX-License-Identifier: ISC */
/* queue/strain.h - what the disk still bears: queue's part of the ladder of
 * overload (common/base/ladder.h).
 *
 * Space and inodes, how long a message takes to become durable, how old the
 * batch under way is, and whether the disk has just failed.  Pure: the numbers
 * and the time are told.
 */
#ifndef QUEUE_STRAIN_H
#define QUEUE_STRAIN_H

#include "common/base/ladder.h"
#include "queue/spool.h"

#include <stdbool.h>

enum {
	STRAIN_INODES_MIN = 10000, /* level 3 below it */
	STRAIN_COMMITS_MIN = 20,   /* fewer say nothing of the disk */
	STRAIN_SPAN_MS = 10000, /* this span's commits count, and the last's */
	STRAIN_REST_MS = 1000,  /* after one failure, doubled with the next, */
	STRAIN_REST_MAX_MS = 30000 /* up to this */
};

/* Of two that are alike, the first is told. */
enum strain_gauge {
	STRAIN_SPACE,
	STRAIN_INODES,
	STRAIN_BACKLOG,
	STRAIN_DISK,
	STRAIN_LATENCY,
	STRAIN_GAUGES
};

/* Commits of a span: all, and those that took longer than each step. */
struct strain_span {
	uint32_t all, slow[2];
};

struct strain_limits {
	uint64_t space;   /* level 3 below so many bytes; 0: any will do */
	int64_t delay_ms; /* level 3 when a batch is older; 0: any will do */
};

struct strain {
	struct strain_limits limits; /* as last told */
	struct ladder_gauge gauges[STRAIN_GAUGES];
	struct strain_span now, before;
	int64_t span; /* number of the span under way */
	int64_t rest_ms, resting_until;
};

void strain_init(struct strain *);
/* A message became durable, so long after it was handed over. */
void strain_stored(struct strain *, int64_t took_ms, int64_t now_ms);
/* The disk or the database refused one, not for want of space. */
void strain_failed(struct strain *, int64_t now_ms);
/* What is free, and how old the batch under way is.  The worst gauge. */
const struct ladder_gauge *strain_judge(struct strain *,
    const struct strain_limits *, const struct spool_room *, int64_t behind_ms,
    int64_t now_ms);

#endif
