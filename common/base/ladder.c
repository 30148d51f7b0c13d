/* SPDX-License-Identifier: ISC */
/* common/base/ladder.c - how near a server is to more than it can do. */
#include "common/base/ladder.h"

unsigned int
ladder_level(uint64_t number, const uint64_t steps[LADDER_TOP])
{
	unsigned int level = 0;

	for (unsigned int i = 0; i < LADDER_TOP; i++)
		if (steps[i] != 0 && number > steps[i])
			level = i + 1;
	return level;
}

void
ladder_note(struct ladder_gauge *g, unsigned int level, unsigned int eased,
    int64_t now_ms)
{
	if (level < g->level && eased >= g->level &&
	    now_ms - g->seen_ms < LADDER_HOLD_MS)
		return;
	if (level < g->level && eased < g->level)
		level = eased > level ? eased : level;
	g->level = level;
	g->seen_ms = now_ms;
}

const struct ladder_gauge *
ladder_worst(const struct ladder_gauge *gauges, size_t n)
{
	const struct ladder_gauge *worst = gauges;

	for (size_t i = 1; i < n; i++)
		if (gauges[i].level > worst->level)
			worst = &gauges[i];
	return worst;
}
