/* SPDX-License-Identifier: ISC */
/* smtpd/auth_guard.h - how many failed logins are borne, from whom.
 *
 * A client's network (an IPv4 address, an IPv6 /64) and a name have each ten
 * failures in ten minutes; the eleventh try is not looked at any more, for
 * fifteen minutes.  Where a name has logged in from a network before, other
 * people's failures, be it from there or with that name, do not count against
 * the two together, which have ten of their own: so nobody can lock out the
 * owner of an account, or his neighbours.
 *
 * Memory is fixed: what failed longest ago is forgotten first, and who has
 * logged in only where there is nobody else to forget.  Pure.
 */
#ifndef SMTPD_AUTH_GUARD_H
#define SMTPD_AUTH_GUARD_H

#include "common/base/ip.h"
#include "common/base/view.h"

enum {
	GUARD_FAILURES = 10,
	GUARD_WINDOW_MS = 10 * 60 * 1000,
	GUARD_BAR_MS = 15 * 60 * 1000
};

struct guard;

/* random: that nobody can tell what falls together */
struct guard *guard_new(uint64_t random);
void guard_free(struct guard *);
bool guard_allows(
    struct guard *, const struct ip *, struct view name, int64_t now_ms);
/* This name has logged in from that network. */
bool guard_knows(struct guard *, const struct ip *, struct view name);
void guard_failed(
    struct guard *, const struct ip *, struct view name, int64_t now_ms);
void guard_succeeded(
    struct guard *, const struct ip *, struct view name, int64_t now_ms);
/* The network as it is counted. */
struct ip guard_network(const struct ip *);

#endif
