/* SPDX-License-Identifier: ISC */
/* queue/strain.c - what the disk still bears.
 *
 * Percentages count only where they are little in bytes, too: of a large disk
 * a tenth is room for days, and turning mail away would help nobody.
 */
#include "queue/strain.h"

#include <string.h>

void
strain_init(struct strain *s)
{
	memset(s, 0, sizeof(*s));
	s->gauges[STRAIN_SPACE].cause = "space";
	s->gauges[STRAIN_INODES].cause = "inodes";
	s->gauges[STRAIN_BACKLOG].cause = "backlog";
	s->gauges[STRAIN_DISK].cause = "disk";
	s->gauges[STRAIN_LATENCY].cause = "latency";
}

static void
roll(struct strain *s, int64_t now_ms)
{
	int64_t span = now_ms / STRAIN_SPAN_MS;

	if (span == s->span)
		return;
	s->before = s->now;
	if (span != s->span + 1)
		memset(&s->before, 0, sizeof(s->before));
	memset(&s->now, 0, sizeof(s->now));
	s->span = span;
}

void
strain_stored(struct strain *s, int64_t took_ms, int64_t now_ms)
{
	roll(s, now_ms);
	s->now.all++;
	s->now.slow[0] += took_ms > s->limits.delay_ms / 4;
	s->now.slow[1] += took_ms > s->limits.delay_ms;
	s->rest_ms = 0;
}

void
strain_failed(struct strain *s, int64_t now_ms)
{
	if (now_ms < s->resting_until)
		return; /* of the same moment */
	s->rest_ms = s->rest_ms == 0 ? STRAIN_REST_MS : 2 * s->rest_ms;
	if (s->rest_ms > STRAIN_REST_MAX_MS)
		s->rest_ms = STRAIN_REST_MAX_MS;
	s->resting_until = now_ms + s->rest_ms;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* An eighth of the step: of 15 percent, two.  Never more than there could be.
 */
static uint64_t
slack_of(uint64_t step, uint64_t all)
{
	return all > step ? least(step / 8, (all - step) / 2) : 0;
}

/* A smaller number is a higher level. */
static unsigned int
level_of_free(uint64_t is_free, uint64_t all, uint64_t min, bool slack)
{
	const uint64_t steps[LADDER_TOP] = {
		least(all / 100 * 15, 16 * min),
		least(all / 100 * 8, 4 * min),
		min,
	};
	unsigned int level = 0;

	for (unsigned int i = 0; i < LADDER_TOP; i++)
		if (is_free < steps[i] + (slack ? slack_of(steps[i], all) : 0))
			level = i + 1;
	return level;
}

static void
note_free(struct ladder_gauge *g, uint64_t is_free, uint64_t all, uint64_t min,
    int64_t now_ms)
{
	min = least(min, UINT64_MAX / 32);
	ladder_note(g, level_of_free(is_free, all, min, false),
	    level_of_free(is_free, all, min, true), now_ms);
}

/* The 95th percentile is beyond a step when more than one in twenty is. */
static unsigned int
level_of_latency(const struct strain *s)
{
	uint32_t all = s->now.all + s->before.all;

	if (s->limits.delay_ms == 0 || all < STRAIN_COMMITS_MIN)
		return 0;
	for (unsigned int i = 2; i > 0; i--)
		if ((s->now.slow[i - 1] + s->before.slow[i - 1]) * 20 > all)
			return i;
	return 0;
}

/* The top is left as soon as the batch is through. */
static void
note_backlog(struct strain *s, int64_t behind_ms, int64_t now_ms)
{
	const uint64_t steps[LADDER_TOP] = { (uint64_t)s->limits.delay_ms / 2,
		0, (uint64_t)s->limits.delay_ms };
	unsigned int level =
	    ladder_level(behind_ms < 0 ? 0 : (uint64_t)behind_ms, steps);

	ladder_note(
	    &s->gauges[STRAIN_BACKLOG], level, level > 1 ? level : 1, now_ms);
}

const struct ladder_gauge *
strain_judge(struct strain *s, const struct strain_limits *limits,
    const struct spool_room *space, int64_t behind_ms, int64_t now_ms)
{
	unsigned int disk = now_ms < s->resting_until ? LADDER_TOP : 0;

	s->limits = *limits;
	roll(s, now_ms);
	note_free(&s->gauges[STRAIN_SPACE], space->bytes, space->bytes_all,
	    s->limits.space, now_ms);
	note_free(&s->gauges[STRAIN_INODES], space->inodes, space->inodes_all,
	    STRAIN_INODES_MIN, now_ms);
	note_backlog(s, behind_ms, now_ms);
	ladder_note(&s->gauges[STRAIN_DISK], disk, disk, now_ms);
	ladder_note(&s->gauges[STRAIN_LATENCY], level_of_latency(s), LADDER_TOP,
	    now_ms);
	return ladder_worst(s->gauges, STRAIN_GAUGES);
}
