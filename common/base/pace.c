/* SPDX-License-Identifier: ISC */
/* common/base/pace.c - is a peer too slow, or here for too long? */
#include "common/base/pace.h"

#include <string.h>

void
pace_begin(struct pace *p, int64_t grace_ms, int64_t now_ms)
{
	memset(p, 0, sizeof(*p));
	p->grace_ms = grace_ms;
	p->born_ms = now_ms;
}

void
pace_note(struct pace *p, uint64_t bytes, bool in_body, int64_t now_ms)
{
	if (!in_body) {
		p->body_ms = 0;
		return;
	}
	if (p->body_ms == 0) {
		p->body_ms = now_ms;
		p->body_bytes = 0;
	}
	p->body_bytes += bytes;
}

bool
pace_too_slow(const struct pace *p, uint64_t rate, int64_t now_ms)
{
	int64_t over = now_ms - p->body_ms - p->grace_ms;

	return p->body_ms != 0 && over > 0 &&
	       p->body_bytes < rate * (uint64_t)over / 1000;
}

bool
pace_too_old(const struct pace *p, int64_t life_ms, int64_t now_ms)
{
	return now_ms - p->born_ms >= life_ms;
}
