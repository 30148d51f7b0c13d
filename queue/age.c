/* SPDX-License-Identifier: ISC */
/* queue/age.c - messages that are told of as delayed, or given up, by age.
 *
 * Passes over all messages, a piece at a time, each finished before the next
 * is asked for: neither memory nor the store is taken for more than a piece.
 * A pass says when the next one can find something.
 */
#include "queue/age.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/run/process.h"
#include "queue/embargo.h"
#include "queue/error.h"
#include "queue/notice.h"
#include "queue/outcome.h"
#include "queue/store.h"
#include "queue/window.h"

#include <event2/event.h>

enum {
	PIECE_MS = 1000,      /* between pieces in which nothing was due */
	PASS_MIN_MS = 1000,   /* between passes of one piece */
	PASS_LONG_MS = 60000, /* between others */
	PASS_MAX_MS = 600000, /* in the end: clocks step, mail is released */
	REFUSED_MS = 5000     /* after a full disk, or a read that failed */
};

static struct {
	struct event *timer;
	uint64_t from; /* where the pass is */
	uint32_t after_group;
	size_t pieces;
	int64_t began, next; /* this pass; when something is due after it */
	int64_t again;       /* what it left over must be seen again, ms; 0 */
	bool finished;
	size_t pending; /* operations of this piece */
	struct store_aged **under_way;
	size_t nunder_way;
} age;

bool
age_has(uint64_t message, uint32_t group)
{
	for (size_t i = 0; i < age.nunder_way; i++) {
		const struct store_aged *a = age.under_way[i];

		for (size_t k = 0; a->message->id == message && k < a->ngroups;
		     k++)
			if (a->groups[k].n == group)
				return true;
	}
	return false;
}

void
age_enter(struct store_aged *a)
{
	age.under_way =
	    mem_grow(age.under_way, age.nunder_way + 1, sizeof(*age.under_way));
	age.under_way[age.nunder_way++] = a;
}

void
age_leave(const struct store_aged *a)
{
	size_t i = 0;

	while (age.under_way[i] != a)
		i++;
	age.under_way[i] = age.under_way[--age.nunder_way];
}

static void
timer_set(int64_t ms)
{
	const struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };

	event_add(age.timer, &tv);
}

static struct age_limits
limits(void)
{
	const struct conf *conf = process_conf();

	return (struct age_limits){
		.warn = (int64_t)conf_number(conf, KEY_WARN) * 1000,
		.expire = (int64_t)conf_number(conf, KEY_EXPIRE) * 1000,
		.expire_bounce =
		    (int64_t)conf_number(conf, KEY_EXPIRE_BOUNCE) * 1000,
	};
}

/* What arrived since this pass began is due then at the earliest. */
static int64_t
next_of_new(void)
{
	struct age_limits l = limits();
	int64_t least = l.expire < l.expire_bounce ? l.expire : l.expire_bounce;

	if (l.warn > 0 && l.warn < least)
		least = l.warn;
	return age.began + least;
}

static void
pass_end(void)
{
	int64_t next = next_of_new(), now = clock_wall_ms(), pause;
	int64_t min = age.pieces > 1 ? PASS_LONG_MS : PASS_MIN_MS;

	if (age.next < next)
		next = age.next;
	pause = next - now;
	if (age.again > 0 && age.again < pause)
		pause = age.again;
	if (pause < min)
		pause = min;
	if (pause > PASS_MAX_MS)
		pause = PASS_MAX_MS;
	age.from = 0;
	age.after_group = 0;
	age.pieces = 0;
	timer_set(pause);
}

static void
piece_end(bool idle)
{
	if (age.finished)
		pass_end();
	else
		timer_set(idle ? PIECE_MS : 0);
}

static void
on_aged(struct store_op *op)
{
	struct store_aged *a = &op->u.aged;

	/* a body that cannot be read is told of without, in the end */
	if (op->failed && ++a->tries < STORE_CONTENT_TRIES) {
		op->failed = false;
		store_submit(op);
		return;
	}
	if (op->failed)
		notice_void(&a->notice);
	else if (a->void_)
		notice_discard(&a->notice);
	else
		notice_stored(&a->notice, a->message);
	if (op->failed)
		age.again = REFUSED_MS;
	age_leave(a);
	store_op_free(op);
	if (--age.pending == 0)
		piece_end(false);
}

static struct store_op *
aged_new(const struct store_age_item *item)
{
	struct store_op *op = store_op_new(STORE_AGED, on_aged, NULL);

	op->u.aged.message = item->group->message;
	message_hold(op->u.aged.message);
	op->u.aged.warn = !item->expired;
	return op;
}

static void
aged_submit(struct store_op *op)
{
	struct store_aged *a = &op->u.aged;

	if (!a->warn && a->ngroups == 0) {
		store_op_free(op);
		return;
	}
	notice_finish(&a->notice);
	age_enter(a);
	age.pending++;
	store_submit(op);
}

/* The group in memory, one that a worker may still be delivering, or one that
 * is given up already. */
static bool
is_elsewhere(const struct group *g)
{
	struct group *here = window_find(g->message->id, g->n);

	if (here != NULL)
		outcome_expire(here);
	return here != NULL || embargo_has(g->message->id, g->n) ||
	       age_has(g->message->id, g->n);
}

/* As many of its recipients as a notification may name. */
static void
expire(struct store_aged *a, const struct group *g)
{
	size_t i, max = BOUNCE_RCPTS_MAX;
	struct status st;

	if (is_elsewhere(g))
		return;
	for (i = 0; i < g->nrcpts && i < max; i++) {
		outcome_expired_status(g, &st);
		notice_failed(&a->notice, g, &g->rcpts[i], &st, NULL);
	}
	a->groups = mem_grow(a->groups, a->ngroups + 1, sizeof(*a->groups));
	a->groups[a->ngroups].n = g->n;
	a->groups[a->ngroups].last_rcpt = g->rcpts[i - 1].n;
	a->groups[a->ngroups].whole = i == g->nrcpts;
	a->ngroups++;
	if (i < g->nrcpts)
		age.again = PASS_MIN_MS;
}

static void
warn(struct store_aged *a, const struct group *g)
{
	struct status st;

	error_status(g->error, &st);
	for (size_t i = 0; i < g->nrcpts && i < BOUNCE_RCPTS_MAX; i++)
		notice_delayed(&a->notice, g, &g->rcpts[i], &st);
}

/* Items of one message stand together and share a notification. */
static void
judge(struct store_age *found)
{
	struct store_op *op = NULL;

	for (size_t i = 0; i < found->n; i++) {
		const struct store_age_item *item = &found->items[i];

		if (op != NULL &&
		    op->u.aged.message->id != item->group->message->id) {
			aged_submit(op);
			op = NULL;
		}
		if (op == NULL)
			op = aged_new(item);
		if (item->expired)
			expire(&op->u.aged, item->group);
		else
			warn(&op->u.aged, item->group);
	}
	if (op != NULL)
		aged_submit(op);
}

static void
on_found(struct store_op *op)
{
	struct store_age *found = &op->u.age;
	bool idle = found->n == 0;

	if (op->failed) { /* the same piece again */
		store_op_free(op);
		timer_set(REFUSED_MS);
		return;
	}
	age.from = found->from;
	age.after_group = found->after_group;
	age.finished = found->finished;
	if (found->next < age.next)
		age.next = found->next;
	age.pending = 1; /* this one, until all are submitted */
	judge(found);
	store_op_free(op);
	if (--age.pending == 0)
		piece_end(idle);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct store_op *op = store_op_new(STORE_AGE, on_found, NULL);

	(void)fd;
	(void)what;
	(void)arg;
	if (age.pieces++ == 0) {
		age.began = clock_wall_ms();
		age.next = INT64_MAX;
		age.again = 0;
	}
	op->u.age.now = clock_wall_ms();
	op->u.age.limits = limits();
	op->u.age.from = age.from;
	op->u.age.after_group = age.after_group;
	store_submit(op);
}

void
age_open(void)
{
	age.timer = event_new(process_base(), -1, 0, on_timer, NULL);
	if (age.timer == NULL)
		fatal("no timer for the age of messages");
	timer_set(PIECE_MS);
}
