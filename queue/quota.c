/* SPDX-License-Identifier: ISC */
/* queue/quota.c - how much one sender may give us. */
#include "queue/quota.h"

#include "common/base/alloc.h"

#include <string.h>
#include <sys/queue.h>
#include <sys/tree.h>

struct count {
	int64_t period; /* number of the current one */
	uint64_t now, before;
};

struct sender {
	char *who;
	struct count count[QUOTA_KINDS];
	RB_ENTRY(sender) node;
	TAILQ_ENTRY(sender) entry;
};

RB_HEAD(sender_tree, sender);
TAILQ_HEAD(sender_list, sender);

struct quotas {
	struct sender_tree tree;
	struct sender_list silent; /* longest first */
	size_t n;
};

static int
sender_cmp(const struct sender *a, const struct sender *b)
{
	return strcmp(a->who, b->who);
}

RB_PROTOTYPE(sender_tree, sender, node, sender_cmp)
RB_GENERATE(sender_tree, sender, node, sender_cmp)

struct quotas *
quotas_new(void)
{
	struct quotas *q = mem_zero(1, sizeof(*q));

	RB_INIT(&q->tree);
	TAILQ_INIT(&q->silent);
	return q;
}

static void
forget(struct quotas *q, struct sender *s)
{
	RB_REMOVE(sender_tree, &q->tree, s);
	TAILQ_REMOVE(&q->silent, s, entry);
	q->n--;
	mem_free(s->who);
	mem_free(s);
}

void
quotas_free(struct quotas *q)
{
	struct sender *s;

	while ((s = TAILQ_FIRST(&q->silent)) != NULL)
		forget(q, s);
	mem_free(q);
}

/* The sender, as the last one that spoke. */
static struct sender *
sender_of(struct quotas *q, const char *who)
{
	struct sender key = { .who = (char *)(uintptr_t)who };
	struct sender *s = RB_FIND(sender_tree, &q->tree, &key);

	if (s != NULL) {
		TAILQ_REMOVE(&q->silent, s, entry);
	} else {
		if (q->n == QUOTA_SENDERS)
			forget(q, TAILQ_FIRST(&q->silent));
		s = mem_zero(1, sizeof(*s));
		s->who = mem_copy_string(who);
		RB_INSERT(sender_tree, &q->tree, s);
		q->n++;
	}
	TAILQ_INSERT_TAIL(&q->silent, s, entry);
	return s;
}

/* The counts as they are in the period that now lies in. */
static void
turn_to(struct count *c, int64_t period)
{
	if (c->period == period)
		return;
	c->before = c->period == period - 1 ? c->now : 0;
	c->now = 0;
	c->period = period;
}

static bool
has_room(
    struct count *c, const struct number_rate *r, uint32_t more, int64_t now)
{
	uint64_t length = (uint64_t)r->seconds * 1000, gone, sum;

	if (r->count == 0)
		return true;
	turn_to(c, now / (int64_t)length);
	gone = (uint64_t)now % length;
	/* the part of the period before that is no older than its length */
	sum = c->now + (c->before * (length - gone) + length - 1) / length;
	return sum + more <= r->count;
}

enum quota_kind
quota_take(struct quotas *q, const char *who, const struct quota_limits *l,
    uint32_t rcpts, int64_t now)
{
	const uint32_t more[QUOTA_KINDS] = {
		[QUOTA_MESSAGES] = 1, [QUOTA_RECIPIENTS] = rcpts
	};
	struct sender *s = sender_of(q, who);

	for (unsigned int k = 0; k < QUOTA_KINDS; k++)
		if (!has_room(&s->count[k], &l->rate[k], more[k], now))
			return (enum quota_kind)k;
	for (unsigned int k = 0; k < QUOTA_KINDS; k++)
		s->count[k].now += more[k];
	return QUOTA_KINDS;
}
