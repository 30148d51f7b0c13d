/* SPDX-License-Identifier: ISC */
/* deliver/refusals.c - servers with which something has just failed. */
#include "deliver/refusals.h"

#include "common/base/clock.h"

#include <string.h>

void
refusals_init(struct refusals *all, unsigned int seconds)
{
	memset(all, 0, sizeof(*all));
	all->keep = 1000 * (int64_t)seconds;
}

static size_t
set_of(const struct ip *ip, uint16_t port)
{
	return ip_hash(ip, port) % REFUSALS_SETS;
}

static bool
is_of(const struct refusal *r, const struct ip *ip, uint16_t port)
{
	return r->until != 0 && r->port == port && ip_eq(&r->ip, ip);
}

void
refusals_note(struct refusals *all, const struct ip *ip, uint16_t port)
{
	struct refusal *set = all->of[set_of(ip, port)], *r = set;

	for (size_t i = 0; i < REFUSALS_EACH; i++) {
		if (is_of(&set[i], ip, port)) {
			r = &set[i];
			break;
		}
		if (set[i].until < r->until)
			r = &set[i];
	}
	r->ip = *ip;
	r->port = port;
	r->until = clock_mono_ms() + all->keep;
}

void
refusals_forget(struct refusals *all, const struct ip *ip, uint16_t port)
{
	struct refusal *set = all->of[set_of(ip, port)];

	for (size_t i = 0; i < REFUSALS_EACH; i++)
		if (is_of(&set[i], ip, port))
			set[i].until = 0;
}

bool
refusals_know(const struct refusals *all, const struct ip *ip, uint16_t port)
{
	const struct refusal *set = all->of[set_of(ip, port)];
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < REFUSALS_EACH; i++)
		if (is_of(&set[i], ip, port) && set[i].until > now)
			return true;
	return false;
}
