/* SPDX-License-Identifier: ISC */
/* queue/orders.c - an operator's or user's wishes, by way of postern-report.
 *
 * What is being delivered at this moment is left alone and said so.
 */
#include "queue/orders.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/ipc/msg_check.h"
#include "common/ipc/msg_explain.h"
#include "common/ipc/msg_report.h"
#include "queue/admit.h"
#include "queue/apart.h"
#include "queue/check.h"
#include "queue/dispatch.h"
#include "queue/events.h"
#include "queue/explain.h"
#include "queue/giveup.h"
#include "queue/outcome.h"
#include "queue/store.h"
#include "queue/suspend.h"
#include "queue/window.h"

#include <stdio.h>
#include <sysexits.h>

enum { IN_ORDER = CONV_A, IN_CHECK = CONV_B, IN_EXPLAIN = CONV_C };

struct order {
	struct peer *peer;
	struct conv *conv; /* NULL: nobody waits for the answer */
	uint32_t uid;
	struct msg_order what; /* id 0: not of one message */
	bool waits; /* for orders_open(), or another of its message */
	struct msg_order_done done;
	size_t pending;    /* groups that are routed anew */
	uint32_t nrefused; /* of those: the disk would not have it */
	TAILQ_ENTRY(order) entry;
};

/* Oldest first. */
static TAILQ_HEAD(, order) orders = TAILQ_HEAD_INITIALIZER(orders);
static bool opened;

struct order *
order_new(struct peer *p, struct conv *conv, uint32_t uid)
{
	struct order *o = mem_zero(1, sizeof(*o));

	o->peer = p;
	o->conv = conv;
	o->uid = uid;
	conv->object = o;
	TAILQ_INSERT_TAIL(&orders, o, entry);
	return o;
}

uint32_t
order_uid(const struct order *o)
{
	return o->uid;
}

void
order_answer(struct order *o, const struct msg_order_done *m)
{
	if (o->conv != NULL && o->peer->channel != NULL) {
		channel_send(o->peer->channel, o->conv, &msg_order_done, m, -1);
		conv_end(o->peer->channel, o->conv);
	}
	TAILQ_REMOVE(&orders, o, entry);
	mem_free(o);
}

bool
orders_pending(uint64_t message)
{
	const struct order *o;

	TAILQ_FOREACH (o, &orders, entry)
		if (o->what.id == message)
			return true;
	return false;
}

static const char *
verb_name(enum order_verb verb)
{
	switch (verb) {
	case ORDER_RETRY:
		return "retry";
	case ORDER_REMOVE:
		return "remove";
	case ORDER_HOLD:
		return "hold";
	case ORDER_RELEASE:
		return "release";
	case ORDER_BOUNCE:
		return "bounce";
	}
	return NULL;
}

static void
judge(const struct store_op *op, struct msg_order_done *m)
{
	const struct store_order *o = &op->u.order;
	const char *text = "";

	m->count = o->touched + (uint32_t)o->nunrouted;
	if (op->failed) {
		m->code = EX_TEMPFAIL;
		text = "the disk refuses: try again later";
	} else if (!o->known) {
		m->code = EX_USAGE;
		text = "no such message";
	} else if (!o->allowed) {
		m->code = EX_NOPERM;
		text = "not your message";
	} else if (o->touched == 0 && o->nbusy > 0) {
		m->code = EX_TEMPFAIL;
		text = "being delivered at this moment: try again";
	} else if (o->nbusy > 0) {
		text = "done, but for what is being delivered at this moment";
	} else if (o->nsuspended > 0 && o->id != 0) {
		text = "waits for a suspended destination: see postern resume";
	} else if (o->nsuspended > 0) {
		snprintf(m->text, sizeof(m->text),
		    "%u suspended destination%s: see postern resume",
		    o->nsuspended, o->nsuspended == 1 ? "" : "s");
		return;
	}
	(void)view_copy(view_of(text), m->text, sizeof(m->text));
}

static void carry_out(struct order *);

/* The order about this message that is being carried out, or NULL. */
static struct order *
under_way(uint64_t message)
{
	struct order *o;

	TAILQ_FOREACH (o, &orders, entry)
		if (o->what.id == message && !o->waits)
			return o;
	return NULL;
}

/* Orders about one message, one after the other. */
static void
next_order(uint64_t message)
{
	struct order *o;

	TAILQ_FOREACH (o, &orders, entry)
		if (message != 0 && o->what.id == message && o->waits) {
			carry_out(o);
			return;
		}
}

/* Logged, told to history, answered. */
static void
over(struct order *o, const struct msg_order_done *m)
{
	const struct msg_order *what = &o->what;
	uint64_t message = what->id;

	log_begin("order");
	log_word("verb", verb_name((enum order_verb)what->verb));
	log_id("id", what->id);
	log_u64("uid", what->uid);
	log_u64("groups", m->count);
	log_u64("code", m->code);
	if (what->reason[0] != '\0')
		log_text("text", what->reason);
	log_end();
	if (m->count > 0 && (m->code == 0 || what->verb == ORDER_BOUNCE))
		events_order(what);
	order_answer(o, m);
	next_order(message);
	window_feed();
	window_look();
	dispatch_run();
}

/* What was to be routed anew and could not be is held as before. */
static void
judge_parts(const struct order *o, struct msg_order_done *m)
{
	if (o->nrefused == 0)
		return;
	m->count -= o->nrefused;
	m->code = EX_TEMPFAIL;
	snprintf(m->text, sizeof(m->text),
	    m->count > 0 ? "done in part; the disk refuses the rest, which "
			   "stays held: try again later"
			 : "the disk refuses, it stays held: try again later");
}

/* Of what the order set going; the last one ends it. */
static void
part_done(void *arg, bool stored)
{
	struct order *o = arg;

	o->nrefused += stored ? 0 : 1;
	if (--o->pending > 0)
		return;
	judge_parts(o, &o->done);
	over(o, &o->done);
}

/* Held as it had no place to go: perhaps it has one by now. */
static void
on_release_got(struct store_op *op)
{
	if (op->u.get->group != NULL)
		admit_again(op->u.get->group, part_done, op->owner);
	outcome_log_flawed(&op->u.get->flawed);
	if (op->u.get->group == NULL)
		part_done(op->owner, !op->failed);
	store_op_free(op);
}

static void
release_get(struct order *o, uint32_t n)
{
	struct store_op *op = store_op_new(STORE_GET, on_release_got, o);

	op->u.get->message = o->what.id;
	op->u.get->n = n;
	o->pending++;
	store_submit(op);
}

static void
on_done(struct store_op *op)
{
	struct order *o = op->owner;

	o->pending = 1; /* this one, until all are submitted */
	for (size_t i = 0; i < op->u.order.nunrouted; i++)
		release_get(o, op->u.order.unrouted[i]);
	judge(op, &o->done);
	apart_end(o->what.id, o->done.code == 0);
	window_wake(op->u.order.woken, op->u.order.nwoken);
	store_op_free(op);
	part_done(o, true);
}

static void
on_given_up(void *arg, const struct msg_order_done *m)
{
	over(arg, m);
}

static void
wake_all(void)
{
	struct schedule *s = window_schedule();

	for (size_t i = 0; i < SCHEDULE_BUCKETS; i++)
		for (struct destination *d = s->bucket[i]; d != NULL;
		     d = d->next) {
			schedule_wake(s, d);
			d->after_time = INT64_MIN;
		}
}

static void
carry_out(struct order *o)
{
	const struct msg_order *m = &o->what;
	struct apart apart = { NULL, 0 };
	struct store_op *op;

	o->waits = false;
	if (m->verb == ORDER_BOUNCE) {
		giveup_begin(m, on_given_up, o);
		return;
	}
	if (m->verb == ORDER_HOLD || m->verb == ORDER_REMOVE)
		apart_take(m, &apart);
	else if (m->id == 0 && m->operator_ != 0)
		wake_all();
	op = store_op_new(STORE_ORDER, on_done, o);
	op->u.order.verb = (enum order_verb)m->verb;
	op->u.order.id = m->id;
	op->u.order.uid = m->uid;
	op->u.order.operator_ = m->operator_ != 0;
	op->u.order.busy = apart.busy;
	op->u.order.nbusy = apart.nbusy;
	op->u.order.now = clock_wall_ms();
	store_submit(op);
}

static bool
on_order(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_order *m = msg;
	struct order *o;

	(void)fd;
	if (verb_name((enum order_verb)m->verb) == NULL ||
	    (m->verb == ORDER_BOUNCE && m->id == 0))
		return false;
	o = order_new(channel_owner(ch), conv, m->uid);
	o->what = *m;
	o->waits = true;
	if (opened && (m->id == 0 || under_way(m->id) == NULL))
		carry_out(o);
	return true;
}

void
orders_open(void)
{
	struct order *o;

	opened = true;
	TAILQ_FOREACH (o, &orders, entry) {
		if (o->waits &&
		    (o->what.id == 0 || under_way(o->what.id) == NULL))
			carry_out(o);
	}
}

static void
on_conv_lost(struct channel *ch, struct conv *conv)
{
	struct order *o = conv->object;

	(void)ch;
	if (conv->phase == IN_CHECK)
		check_lost(conv);
	else if (conv->phase == IN_EXPLAIN)
		explain_gone(conv);
	else if (o != NULL)
		o->conv = NULL;
}

/* clang-format off */
static const struct channel_rule rules[] = {
	{ &msg_order, on_order, CONV_NEW, IN_ORDER },
	{ &msg_suspend, suspend_ask, CONV_NEW, IN_ORDER },
	{ &msg_check, check_asked, CONV_NEW, IN_CHECK },
	{ &msg_explain, explain_asked, CONV_NEW, IN_EXPLAIN },
};
/* clang-format on */

const struct peer_def orders_peer = {
	.kind = PEER_REPORT,
	.rules = rules,
	.nrules = nitems(rules),
	.conv_lost = on_conv_lost,
};
