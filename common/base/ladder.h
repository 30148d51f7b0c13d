/* SPDX-License-Identifier: ISC */
/* common/base/ladder.h - how near a server is to more than it can do.
 *
 * Level 0 is a usual day; with each further one less is taken on.  A gauge is
 * one possible cause.  It rises at once; it falls when its number is clear of
 * the step by some slack, or has stood below the step for LADDER_HOLD_MS, so
 * that what hovers there does not flap.  No I/O; the time is told.
 */
#ifndef COMMON_BASE_LADDER_H
#define COMMON_BASE_LADDER_H

#include <stddef.h>
#include <stdint.h>

enum { LADDER_TOP = 3, LADDER_HOLD_MS = 30000 };

struct ladder_gauge {
	const char *cause; /* for the log */
	unsigned int level;
	int64_t seen_ms; /* when the number last was at this level */
};

/* The highest step that the number is beyond; steps of 0 are none. */
unsigned int ladder_level(uint64_t number, const uint64_t steps[LADDER_TOP]);
/* The number is at this level; with its slack it would be at `eased`, which is
 * no lower (LADDER_TOP: time alone brings it down). */
void ladder_note(struct ladder_gauge *, unsigned int level, unsigned int eased,
    int64_t now_ms);
/* The first of those that stand highest. */
const struct ladder_gauge *ladder_worst(const struct ladder_gauge *, size_t n);

#endif
