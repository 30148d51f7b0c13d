/* SPDX-License-Identifier: ISC */
/* common/base/census.c - how many clients of each address there are.
 *
 * Must trust nothing in the table: other workers write it.  A wrong number
 * makes a limit come early or late, and nothing else.
 */
#include "common/base/census.h"

_Static_assert(sizeof(struct census_slot) == 64, "a slot is a cache line");
_Static_assert(sizeof(struct census_head) == 4096, "the head is a page");
_Static_assert(sizeof(struct census_column) % 4096 == 0, "whole pages");

static uint32_t
load(const _Atomic uint32_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

static void
store(_Atomic uint32_t *n, uint32_t value)
{
	atomic_store_explicit(n, value, memory_order_relaxed);
}

static uint64_t
load_key(const struct census_slot *s)
{
	return atomic_load_explicit(&s->key, memory_order_acquire);
}

/*
 * The upper half of an IPv6 address, or an IPv4 address below ones, where no
 * client's IPv6 address lies: ff00::/8 is for groups.
 */
uint64_t
census_key(const struct ip *ip)
{
	uint64_t key = 0;

	if (ip->family == 4)
		return UINT64_C(0xffffffff00000000) |
		       (uint64_t)ip->bytes[0] << 24 |
		       (uint64_t)ip->bytes[1] << 16 |
		       (uint64_t)ip->bytes[2] << 8 | ip->bytes[3];
	for (size_t i = 0; i < 8; i++)
		key = key << 8 | ip->bytes[i];
	return key != 0 ? key : UINT64_C(0xfffffffe00000000);
}

/* Mixed with a secret. */
static size_t
bucket_of(const struct census *c, uint64_t key)
{
	uint64_t x = key ^ c->all->head.seed;

	for (int i = 0; i < 2; i++) {
		x *= UINT64_C(0x9e3779b97f4a7c15);
		x ^= x >> 32;
		x += c->all->head.seed;
	}
	return (size_t)(x >> 20) % CENSUS_BUCKETS;
}

static const struct census_slot *
find(const struct census_column *column, size_t bucket, uint64_t key)
{
	for (size_t i = 0; i < CENSUS_WAYS; i++) {
		const struct census_slot *s = &column->slots[bucket][i];

		if (load_key(s) == key)
			return s;
	}
	return NULL;
}

static struct census_slot *
find_mine(struct census *c, uint64_t key)
{
	size_t bucket = bucket_of(c, key);

	for (size_t i = 0; i < CENSUS_WAYS; i++)
		if (load_key(&c->mine->slots[bucket][i]) == key)
			return &c->mine->slots[bucket][i];
	return NULL;
}

uint32_t
census_connections(const struct census *c, uint64_t key)
{
	size_t bucket = bucket_of(c, key);
	uint32_t sum = 0;

	for (size_t i = 0; i < CENSUS_COLUMNS; i++) {
		const struct census_slot *s;

		if (load(&c->all->head.active[i]) == 0)
			continue;
		s = find(&c->all->columns[i], bucket, key);
		if (s != NULL)
			sum += load(&s->connections);
	}
	return sum;
}

static uint32_t
window_of(uint32_t seconds, int64_t now_ms)
{
	return (uint32_t)(now_ms / 1000 / seconds);
}

/* The window before counts with the part of it that is not yet over. */
static uint32_t
estimate(const struct census_count *n, uint32_t seconds, int64_t now_ms)
{
	int64_t length = (int64_t)seconds * 1000;
	int64_t left = length - now_ms % length;
	uint32_t window = window_of(seconds, now_ms);
	uint32_t before = 0, now = 0;

	if (load(&n->window) == window) {
		now = load(&n->now);
		before = load(&n->before);
	} else if (load(&n->window) + 1 == window) {
		before = load(&n->now);
	}
	return now + (uint32_t)((int64_t)before * left / length);
}

uint32_t
census_rate(const struct census *c, uint64_t key, enum census_rate which,
    uint32_t seconds, int64_t now_ms)
{
	size_t bucket = bucket_of(c, key);
	uint32_t sum = 0;

	for (size_t i = 0; i < CENSUS_COLUMNS; i++) {
		const struct census_slot *s;

		if (load(&c->all->head.active[i]) == 0)
			continue;
		s = find(&c->all->columns[i], bucket, key);
		if (s != NULL)
			sum += estimate(&s->rates[which], seconds, now_ms);
	}
	return sum;
}

/* A free place, or that of the address longest unseen; NULL: all are in use. */
static struct census_slot *
make_room(struct census *c, uint64_t key)
{
	struct census_slot *bucket = c->mine->slots[bucket_of(c, key)];
	struct census_slot *oldest = NULL;

	for (size_t i = 0; i < CENSUS_WAYS; i++) {
		struct census_slot *s = &bucket[i];

		if (load_key(s) == 0)
			return s;
		if (load(&s->connections) == 0 &&
		    (oldest == NULL || load(&s->seen) < load(&oldest->seen)))
			oldest = s;
	}
	return oldest;
}

/* Nobody may see the new key with the old counts. */
static void
settle(struct census_slot *s, uint64_t key)
{
	atomic_store_explicit(&s->key, 0, memory_order_seq_cst);
	store(&s->connections, 0);
	for (size_t i = 0; i < CENSUS_RATES; i++) {
		store(&s->rates[i].window, 0);
		store(&s->rates[i].now, 0);
		store(&s->rates[i].before, 0);
	}
	atomic_store_explicit(&s->key, key, memory_order_release);
}

bool
census_enter(struct census *c, uint64_t key, int64_t now_ms)
{
	struct census_slot *s = find_mine(c, key);

	if (s == NULL) {
		s = make_room(c, key);
		if (s == NULL)
			return false;
		settle(s, key);
	}
	store(&s->seen, (uint32_t)(now_ms / 1000));
	store(&s->connections, load(&s->connections) + 1);
	return true;
}

void
census_leave(struct census *c, uint64_t key)
{
	struct census_slot *s = find_mine(c, key);

	if (s != NULL && load(&s->connections) > 0)
		store(&s->connections, load(&s->connections) - 1);
}

void
census_note(struct census *c, uint64_t key, enum census_rate which,
    uint32_t seconds, int64_t now_ms)
{
	struct census_slot *s = find_mine(c, key);
	uint32_t window = window_of(seconds, now_ms), last;
	struct census_count *n;

	if (s == NULL)
		return;
	n = &s->rates[which];
	last = load(&n->window);
	if (last != window) {
		store(&n->before, last + 1 == window ? load(&n->now) : 0);
		store(&n->now, 0);
		store(&n->window, window);
	}
	if (load(&n->now) < UINT32_MAX / CENSUS_COLUMNS / 2)
		store(&n->now, load(&n->now) + 1);
}
