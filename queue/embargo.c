/* SPDX-License-Identifier: ISC */
/* queue/embargo.c - groups that a worker of a former queue may be delivering.
 *
 * There are at most as many as connections were open when queue died, and
 * they go within minutes: a list will do.
 */
#include "queue/embargo.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/ipc/msg_job.h"

struct embargo {
	uint64_t message;
	uint32_t group;
	const struct peer *peer;
	int64_t until; /* monotonic, ms */
	struct embargo *next;
};

static struct embargo *embargoes;

bool
embargo_add(const struct job_key *key, const struct peer *p)
{
	struct embargo *e;

	for (e = embargoes; e != NULL; e = e->next)
		if (e->message == key->message && e->group == key->group &&
		    e->peer == p)
			return false;
	e = mem_zero(1, sizeof(*e));

	e->message = key->message;
	e->group = key->group;
	e->peer = p;
	e->until = clock_mono_ms() + EMBARGO_SECONDS * 1000;
	e->next = embargoes;
	embargoes = e;
	return true;
}

bool
embargo_has(uint64_t message, uint32_t group)
{
	for (struct embargo *e = embargoes; e != NULL; e = e->next)
		if (e->message == message && e->group == group)
			return true;
	return false;
}

void
embargo_each(uint64_t message, void (*fn)(uint32_t, void *), void *arg)
{
	for (struct embargo *e = embargoes; e != NULL; e = e->next)
		if (e->message == message)
			fn(e->group, arg);
}

/* Removes those that fit: this group, this peer, or older than now. */
static bool
lift(uint64_t message, uint32_t group, const struct peer *p, int64_t now)
{
	struct embargo **at = &embargoes, *e;
	bool any = false;

	while ((e = *at) != NULL) {
		if ((p != NULL && e->peer == p) || e->until < now ||
		    (e->message == message && e->group == group)) {
			*at = e->next;
			mem_free(e);
			any = true;
		} else {
			at = &e->next;
		}
	}
	return any;
}

void
embargo_lift(uint64_t message, uint32_t group)
{
	lift(message, group, NULL, INT64_MIN);
}

bool
embargo_lift_peer(const struct peer *p)
{
	return lift(0, 0, p, INT64_MIN);
}

bool
embargo_expire(int64_t now)
{
	return lift(0, 0, NULL, now);
}
