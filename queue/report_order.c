/* SPDX-License-Identifier: ISC */
/* queue/report_order.c - orders on their way to queue and back.
 *
 * Decides nothing: queue checks every order again.
 */
#include "queue/report_order.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "queue/report_check.h"
#include "queue/report_explain.h"

#include <sys/queue.h>
#include <sysexits.h>

struct order {
	TAILQ_ENTRY(order) entry;
	struct msg_order what;
	struct msg_suspend suspend; /* if that has a name */
	order_answered *answered;   /* NULL: nobody waits any more */
	void *arg;
	int64_t deadline; /* monotonic, ms */
};

/* Oldest first. */
static TAILQ_HEAD(, order) orders = TAILQ_HEAD_INITIALIZER(orders);

static const char *const verbs[] = {
	[ORDER_RETRY] = "retry",
	[ORDER_REMOVE] = "remove",
	[ORDER_HOLD] = "hold",
	[ORDER_RELEASE] = "release",
	[ORDER_BOUNCE] = "bounce",
};

void
order_log_own(const struct msg_order *o, uint16_t code)
{
	log_begin("order-refused");
	log_word("verb", o->verb < nitems(verbs) && verbs[o->verb] != NULL
			     ? verbs[o->verb]
			     : "unknown");
	log_id("id", o->id);
	log_u64("uid", o->uid);
	log_u64("code", code);
	log_end();
}

void
order_log_suspend(const struct msg_suspend *o, uint16_t code)
{
	log_begin("order-refused");
	log_word("verb", o->resume != 0 ? "resume" : "suspend");
	log_text("destination", o->name);
	log_u64("uid", o->uid);
	log_u64("code", code);
	log_end();
}

static void
answer(struct order *o, const struct msg_order_done *d)
{
	order_answered *answered = o->answered;

	o->answered = NULL;
	if (answered != NULL)
		answered(o->arg, d);
}

static void
answer_later(struct order *o, const char *text)
{
	struct msg_order_done d = { .code = EX_TEMPFAIL };

	if (o->answered != NULL && o->suspend.name[0] != '\0')
		order_log_suspend(&o->suspend, d.code);
	else if (o->answered != NULL)
		order_log_own(&o->what, d.code);
	view_copy(view_of(text), d.text, sizeof(d.text));
	answer(o, &d);
}

static void
order_free(struct order *o)
{
	TAILQ_REMOVE(&orders, o, entry);
	mem_free(o);
}

static bool
on_order_done(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct order *o = conv->object;

	(void)ch;
	(void)fd;
	answer(o, msg);
	order_free(o);
	return true;
}

static void
on_order_lost(struct channel *ch, struct conv *conv)
{
	struct order *o = conv->object;

	(void)ch;
	if (conv->phase == CONV_B) {
		check_on_lost(conv);
		return;
	}
	if (conv->phase == EXPLAINED) {
		explained_lost(conv);
		return;
	}
	answer_later(o, "postern-queue went away before it answered: "
			"the order may or may not be carried out, try again");
	order_free(o);
}

/* clang-format off */
static const struct channel_rule from_queue[] = {
	/* message		handler		in		then */
	{ &msg_order_done,	on_order_done,	CONV_A,		CONV_END },
	{ &msg_finding,		check_on_finding, CONV_B,	CONV_B },
	{ &msg_check_end,	check_on_end,	CONV_B,		CONV_END },
	{ &msg_explain_name, explained_heard, EXPLAINED, 0 },
	{ &msg_explain_route, explained_heard, EXPLAINED, 0 },
	{ &msg_explain_state, explained_heard, EXPLAINED, 0 },
	{ &msg_explain_rate, explained_heard, EXPLAINED, 0 },
	{ &msg_explain_way, explained_heard, EXPLAINED, 0 },
	{ &msg_explain_host, explained_heard, EXPLAINED, 0 },
	{ &msg_explain_server, explained_heard, EXPLAINED, 0 },
	{ &msg_explain_tlsa, explained_heard, EXPLAINED, 0 },
	{ &msg_explain_session, explained_heard, EXPLAINED, 0 },
	{ &msg_explain_end, explained_heard, EXPLAINED, CONV_END },
};
/* clang-format on */

const struct peer_def report_queue_peer = {
	.kind = PEER_QUEUE,
	.rules = from_queue,
	.nrules = nitems(from_queue),
	.conv_lost = on_order_lost,
};

static struct order *
start(struct order *o, order_answered *answered, void *arg)
{
	struct peer *queue = process_peer(PEER_QUEUE, 0);
	bool suspend = o->suspend.name[0] != '\0';
	const struct ipc_type *type = suspend ? &msg_suspend : &msg_order;
	const void *what = suspend ? (void *)&o->suspend : (void *)&o->what;

	o->answered = answered;
	o->arg = arg;
	o->deadline = clock_mono_ms() + ORDER_SECONDS * 1000;
	TAILQ_INSERT_TAIL(&orders, o, entry);
	if (queue == NULL || queue->channel == NULL) {
		answer_later(o, "postern-queue is not running: try again");
	} else if (!channel_may_open(queue->channel, type)) {
		answer_later(o, "too many orders are under way: try again");
	} else {
		channel_open(queue->channel, type, what, -1, CONV_A, o);
		return o;
	}
	order_free(o);
	return NULL;
}

struct order *
order_start(const struct msg_order *what, order_answered *answered, void *arg)
{
	struct order *o = mem_zero(1, sizeof(*o));

	o->what = *what;
	return start(o, answered, arg);
}

struct order *
order_start_suspend(
    const struct msg_suspend *what, order_answered *answered, void *arg)
{
	struct order *o = mem_zero(1, sizeof(*o));

	o->suspend = *what;
	return start(o, answered, arg);
}

void
order_forget(struct order *o)
{
	o->answered = NULL;
}

void
orders_expire(int64_t now_mono)
{
	struct order *o;

	TAILQ_FOREACH (o, &orders, entry) {
		if (o->deadline > now_mono)
			return;
		answer_later(o, "postern-queue does not answer: the order may "
				"still be carried out, try again");
	}
}
