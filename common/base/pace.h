/* SPDX-License-Identifier: ISC */
/* common/base/pace.h - is a peer too slow, or here for too long?  (Pure.)
 *
 * A limit on silence begins anew with every byte of a message, so it cannot
 * see a client that sends one a minute to hold its place (Slowloris), nor a
 * server that takes one.  This does: a message must pass, on average, at a
 * least rate, after a grace for slow starts; and nothing goes on for ever.
 * Times are told, never read.
 */
#ifndef COMMON_BASE_PACE_H
#define COMMON_BASE_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	int64_t grace_ms;
	int64_t born_ms;
	int64_t body_ms;     /* since then a message passes; 0: none does */
	uint64_t body_bytes; /* of it */
};

void pace_begin(struct pace *, int64_t grace_ms, int64_t now_ms);
/* So many bytes passed; in_body: they belong to a message that goes on. */
void pace_note(struct pace *, uint64_t bytes, bool in_body, int64_t now_ms);
/* rate: bytes a second, 0 for none. */
bool pace_too_slow(const struct pace *, uint64_t rate, int64_t now_ms);
bool pace_too_old(const struct pace *, int64_t life_ms, int64_t now_ms);

#endif
