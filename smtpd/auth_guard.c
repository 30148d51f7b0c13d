/* SPDX-License-Identifier: ISC */
/* smtpd/auth_guard.c - how many failed logins are borne, from whom. */
#include "smtpd/auth_guard.h"

#include "common/base/alloc.h"

#include <string.h>

enum { SETS = 4096, WAYS = 8, IPV6_NETWORK = 8 };

/* Who is counted. */
enum party { NETWORK = 1, ACCOUNT, BOTH };

struct tally {
	uint64_t key; /* 0: free */
	int64_t since, last, barred_until;
	unsigned int failures;
	bool known; /* has logged in */
};

struct guard {
	uint64_t random;
	struct tally of[SETS][WAYS];
};

struct guard *
guard_new(uint64_t random)
{
	struct guard *g = mem_zero(1, sizeof(*g));

	g->random = random;
	return g;
}

void
guard_free(struct guard *g)
{
	mem_free(g);
}

struct ip
guard_network(const struct ip *ip)
{
	struct ip net = *ip;

	if (net.family == 6)
		memset(net.bytes + IPV6_NETWORK, 0,
		    sizeof(net.bytes) - IPV6_NETWORK);
	return net;
}

static uint64_t
mix(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++) {
		h = (h ^ p[i]) * UINT64_C(0x9fb21c651e98df25);
		h ^= h >> 29;
	}
	return h;
}

static uint64_t
key_of(const struct guard *g, enum party who, const struct ip *ip,
    struct view name)
{
	const struct ip net = guard_network(ip);
	uint64_t h = mix(g->random, &who, sizeof(who));

	if (who != ACCOUNT) {
		h = mix(h, &net.family, sizeof(net.family));
		h = mix(h, net.bytes, sizeof(net.bytes));
	}
	if (who != NETWORK)
		h = mix(h, name.data, name.len);
	h = mix(h, &g->random, sizeof(g->random));
	return h == 0 ? 1 : h;
}

static struct tally *
find(struct guard *g, uint64_t key)
{
	struct tally *set = g->of[key % SETS];

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].key == key)
			return &set[i];
	return NULL;
}

/* Better a than b. */
static bool
forget_rather(const struct tally *a, const struct tally *b)
{
	if ((a->key == 0) != (b->key == 0))
		return a->key == 0;
	if (a->known != b->known)
		return b->known;
	return a->last < b->last;
}

static struct tally *
find_or_make(struct guard *g, uint64_t key, int64_t now)
{
	struct tally *t = find(g, key), *set = g->of[key % SETS];

	if (t != NULL)
		return t;
	t = &set[0];
	for (size_t i = 1; i < WAYS; i++)
		if (forget_rather(&set[i], t))
			t = &set[i];
	memset(t, 0, sizeof(*t));
	t->key = key;
	t->since = t->last = now;
	return t;
}

static bool
is_barred(struct guard *g, uint64_t key, int64_t now)
{
	const struct tally *t = find(g, key);

	return t != NULL && now < t->barred_until;
}

bool
guard_knows(struct guard *g, const struct ip *ip, struct view name)
{
	const struct tally *t = find(g, key_of(g, BOTH, ip, name));

	return t != NULL && t->known;
}

bool
guard_allows(
    struct guard *g, const struct ip *ip, struct view name, int64_t now)
{
	if (is_barred(g, key_of(g, BOTH, ip, name), now))
		return false;
	if (guard_knows(g, ip, name))
		return true;
	return !is_barred(g, key_of(g, NETWORK, ip, name), now) &&
	       !is_barred(g, key_of(g, ACCOUNT, ip, name), now);
}

static void
count(struct guard *g, uint64_t key, int64_t now)
{
	struct tally *t = find_or_make(g, key, now);

	if (now - t->since >= GUARD_WINDOW_MS) {
		t->failures = 0;
		t->since = now;
	}
	t->last = now;
	if (++t->failures < GUARD_FAILURES)
		return;
	t->failures = 0;
	t->since = now;
	t->barred_until = now + GUARD_BAR_MS;
}

void
guard_failed(
    struct guard *g, const struct ip *ip, struct view name, int64_t now)
{
	const struct tally *t = find(g, key_of(g, BOTH, ip, name));

	/* where it is at home its failures are those of a forgetful owner */
	if (t != NULL && t->known) {
		count(g, t->key, now);
		return;
	}
	count(g, key_of(g, NETWORK, ip, name), now);
	count(g, key_of(g, ACCOUNT, ip, name), now);
}

void
guard_succeeded(
    struct guard *g, const struct ip *ip, struct view name, int64_t now)
{
	struct tally *t = find_or_make(g, key_of(g, BOTH, ip, name), now);

	t->known = true;
	t->failures = 0;
	t->last = now;
}
