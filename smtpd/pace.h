/* SPDX-License-Identifier: ISC */
/* smtpd/pace.h - is a client too slow, or here for too long?  (Pure.)
 *
 * The idle limit begins anew with every byte of a message, so it cannot see a
 * client that sends one a minute to hold its place (Slowloris).  This does:
 * a message must come, on average, at a least rate, after a grace for slow
 * starts; and no session lives for ever.  Times are told, never read.
 */
#ifndef SMTPD_PACE_H
#define SMTPD_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum { PACE_GRACE_MS = 30000 };

struct pace {
	int64_t born_ms;
	int64_t body_ms;     /* since then a message comes in; 0: none does */
	uint64_t body_bytes; /* of it */
};

void pace_begin(struct pace *, int64_t now_ms);
/* So many bytes came; in_body: they belong to a message that goes on. */
void pace_note(struct pace *, uint64_t bytes, bool in_body, int64_t now_ms);
/* rate: bytes a second, 0 for none. */
bool pace_too_slow(const struct pace *, uint64_t rate, int64_t now_ms);
bool pace_too_old(const struct pace *, int64_t life_ms, int64_t now_ms);

#endif
