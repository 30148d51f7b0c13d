/* SPDX-License-Identifier: ISC */
/* resolve/strays.c - the log line of datagrams that match no question: they
 * are a forger's, or a slow resolver's.
 *
 * Must never say more than one line a minute, whatever comes.
 */
#include "resolve/strays.h"

#include "common/base/clock.h"
#include "common/base/log.h"

enum { LOG_MS = 60 * 1000 };

static struct {
	uint64_t told;
	int64_t told_at;
} self;

void
strays_log(uint64_t n)
{
	int64_t now = clock_mono_ms();

	if (n == self.told ||
	    (self.told_at != 0 && now - self.told_at < LOG_MS))
		return;
	log_begin("dns-strays");
	log_u64("count", n - self.told);
	log_end();
	self.told = n;
	self.told_at = now;
}
