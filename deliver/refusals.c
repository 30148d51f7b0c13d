/* SPDX-License-Identifier: ISC */
/* deliver/refusals.c - servers with which TLS has just failed. */
#include "deliver/refusals.h"

#include "common/base/clock.h"

void
refusals_note(struct refusals *all, const struct ip *ip, uint16_t port)
{
	struct refusal *r = &all->of[all->next];

	if (refusals_know(all, ip, port))
		return;
	all->next = (all->next + 1) % REFUSALS_MAX;
	r->ip = *ip;
	r->port = port;
	r->until = clock_mono_ms() + 1000 * (int64_t)REFUSALS_SECONDS;
}

bool
refusals_know(const struct refusals *all, const struct ip *ip, uint16_t port)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < REFUSALS_MAX; i++)
		if (all->of[i].until > now && all->of[i].port == port &&
		    ip_eq(&all->of[i].ip, ip))
			return true;
	return false;
}
