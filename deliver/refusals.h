/* SPDX-License-Identifier: ISC */
/* deliver/refusals.h - servers with which something has just failed.
 *
 * TLS, for an hour: mail that may go in clear text does not pay for a
 * handshake in vain each time.  The connection or the greeting, for minutes:
 * they are tried after others.  Where there are too many the oldest is
 * forgotten, which costs another attempt and nothing else.
 */
#ifndef DELIVER_REFUSALS_H
#define DELIVER_REFUSALS_H

#include "common/base/ip.h"

#include <stddef.h>

enum {
	REFUSALS_SETS = 256, /* by address and port */
	REFUSALS_EACH = 4,
	REFUSALS_TLS_SECONDS = 3600,
	REFUSALS_CONNECT_SECONDS = 300
};

struct refusals {
	int64_t keep; /* ms */
	struct refusal {
		struct ip ip;
		uint16_t port;
		int64_t until; /* clock_mono_ms(); 0: free */
	} of[REFUSALS_SETS][REFUSALS_EACH];
};

void refusals_init(struct refusals *, unsigned int seconds);
void refusals_note(struct refusals *, const struct ip *, uint16_t port);
/* It has just succeeded. */
void refusals_forget(struct refusals *, const struct ip *, uint16_t port);
bool refusals_know(const struct refusals *, const struct ip *, uint16_t port);

#endif
