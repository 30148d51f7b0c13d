/* SPDX-License-Identifier: ISC */
/* deliver/refusals.h - servers with which TLS has just failed.
 *
 * Remembered for an hour, so that mail that may go in clear text does not pay
 * for a handshake in vain each time.  When there are too many the oldest is
 * forgotten, which costs that handshake.
 */
#ifndef DELIVER_REFUSALS_H
#define DELIVER_REFUSALS_H

#include "common/base/ip.h"

#include <stddef.h>

enum { REFUSALS_MAX = 256, REFUSALS_SECONDS = 3600 };

struct refusals {
	struct refusal {
		struct ip ip;
		uint16_t port;
		int64_t until; /* clock_mono_ms(); 0: free */
	} of[REFUSALS_MAX];
	size_t next; /* the oldest */
};

void refusals_note(struct refusals *, const struct ip *, uint16_t port);
bool refusals_know(const struct refusals *, const struct ip *, uint16_t port);

#endif
