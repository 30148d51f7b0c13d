/* SPDX-License-Identifier: ISC */
/* queue/report.c - the control socket: who asks, what, and how fast.
 *
 * Clients are strangers with a uid: each may have a few connections, asks one
 * question of a kind at a time, and gets its answer in slices between those
 * of the others.  Must never wait for one of them.
 */
#include "queue/report.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "queue/report_caller.h"
#include "queue/report_check.h"
#include "queue/report_door.h"
#include "queue/report_explain.h"
#include "queue/report_filter.h"
#include "queue/report_order.h"
#include "queue/report_question.h"
#include "queue/report_reader.h"

#include <event2/event.h>
#include <string.h>
#include <sys/queue.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	CLIENTS_PER_UID = 8,
	CLIENTS_MAX = 64,
	CLIENTS_RESERVE = 8, /* beyond CLIENTS_MAX, for operators */
	IDLE_MS = 60 * 1000
};

struct client {
	TAILQ_ENTRY(client) entry;
	struct channel *channel;
	struct caller who;
	bool operator_;
	int64_t active_at;     /* monotonic, ms */
	struct conv *asking;   /* the question for rows, NULL: none */
	bool blocked;          /* its output waits: drained() wakes it */
	struct question q;     /* what it is */
	struct conv *ordering; /* the order, NULL: none */
	struct order *order;   /* NULL when answered */
	struct conv *checking; /* the check, NULL: none */
	struct check *check;
	struct conv *querying; /* in SQL, NULL: nothing */
	struct sql *sql;
	struct explained *explained; /* NULL: none is under way */
};

static struct {
	struct event *work;  /* some client's answer goes on */
	struct event *sweep; /* idle clients and late orders */
	TAILQ_HEAD(, client) clients;
	size_t nclients;
} report;

static const char operators_only[] =
    "only root and the group postern may do that";

/* In the next turn, after this one's flush. */
static void
work_soon(void)
{
	const struct timeval now = { 0, 0 };

	event_add(report.work, &now);
}

static void
end_rows(struct client *c, uint16_t code, bool more, const char *text)
{
	struct msg_rows_end m = { .code = code, .more = more };

	view_copy(view_of(text), m.text, sizeof(m.text));
	channel_send(c->channel, c->asking, &msg_rows_end, &m, -1);
	conv_end(c->channel, c->asking);
	c->asking = NULL;
	summary_free(c->q.summary);
	c->q.summary = NULL;
}

/* The rows have come to an end of their own. */
static void
finish_rows(struct client *c, bool more)
{
	switch (c->q.kind) {
	case ASKS_QUEUE:
		end_rows(c, EX_OK, more, "");
		break;
	case ASKS_SHOW:
		if (c->q.ask.limit > 0)
			end_rows(
			    c, EX_USAGE, false, "no such message in the queue");
		else
			end_rows(c, EX_OK, false, "");
		break;
	case ASKS_TRACE:
		end_rows(c, EX_OK, more && c->q.trace.id == 0, "");
		break;
	case ASKS_SUMMARY:
		end_rows(c, EX_OK, false, "");
		break;
	}
}

static void
answer_slice(struct client *c)
{
	const char *text;
	uint16_t code;

	switch (question_slice(&c->q)) {
	case ROWS_GO_ON:
		break;
	case ROWS_LIMIT:
		finish_rows(c, true);
		break;
	case ROWS_OVER:
		finish_rows(c, false);
		break;
	case ROWS_FOREIGN:
		end_rows(c, EX_NOPERM, false, "not your message");
		break;
	case ROWS_FAILED:
		text = question_error(&c->q, &code);
		end_rows(c, code, false, text);
		break;
	}
	c->active_at = clock_mono_ms();
}

/*
 * One slice for every client that waits for one.  Whoever was still full
 * after the last turn's flush is woken by its channel instead.
 */
static void
on_work(evutil_socket_t fd, short what, void *arg)
{
	struct client *c;
	bool more = false;

	(void)fd;
	(void)what;
	(void)arg;
	TAILQ_FOREACH (c, &report.clients, entry) {
		if (c->asking == NULL || c->blocked)
			continue;
		if (channel_full(c->channel)) {
			c->blocked = true;
			continue;
		}
		answer_slice(c);
		more = more || c->asking != NULL;
	}
	if (more)
		work_soon();
}

static bool
ask_rows(struct client *c, struct conv *conv)
{
	if (c->asking != NULL)
		return false; /* one question at a time */
	c->asking = conv;
	c->q.channel = c->channel;
	c->q.conv = conv;
	c->blocked = false;
	c->active_at = clock_mono_ms();
	c->q.ask.all = c->operator_;
	c->q.ask.uid = c->who.uid;
	work_soon();
	return true;
}

static bool
on_ask_queue(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_ask_queue *m = msg;
	struct client *c = channel_owner(ch);

	(void)fd;
	if (!filter_sound(m) || !ask_rows(c, conv))
		return false;
	c->q.kind = ASKS_QUEUE;
	c->q.ask.after = m->after;
	c->q.ask.only = 0;
	c->q.ask.filter = *m;
	c->q.ask.filtered = filter_asks(m);
	c->q.ask.inside = false;
	c->q.ask.limit = question_piece(m->limit, LIST_PIECE);
	return true;
}

static bool
on_ask_show(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_ask_show *m = msg;
	struct client *c = channel_owner(ch);

	(void)fd;
	if (m->id == 0 || !ask_rows(c, conv))
		return false;
	c->q.kind = ASKS_SHOW;
	c->q.ask.after = m->id - 1;
	c->q.ask.only = m->id;
	c->q.ask.filtered = false;
	c->q.ask.inside = false;
	c->q.ask.limit = 1;
	return true;
}

static bool
on_ask_trace(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_ask_trace *m = msg;
	struct client *c = channel_owner(ch);

	(void)fd;
	if ((m->id == 0) == (m->text[0] == '\0') || !ask_rows(c, conv))
		return false;
	c->q.kind = ASKS_TRACE;
	memset(&c->q.trace, 0, sizeof(c->q.trace));
	c->q.trace.id = m->id;
	c->q.trace.before = m->before;
	c->q.trace.since = m->since;
	c->q.trace.limit = question_piece(m->limit, ROWS_PIECE);
	c->q.trace.all = c->operator_;
	c->q.trace.uid = c->who.uid;
	memcpy(c->q.trace.text, m->text, sizeof(c->q.trace.text));
	return true;
}

static bool
on_ask_summary(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct client *c = channel_owner(ch);

	(void)msg;
	(void)fd;
	if (!ask_rows(c, conv))
		return false;
	c->q.kind = ASKS_SUMMARY;
	c->q.summary = summary_new(QUEUE_DB, c->operator_, c->who.uid);
	return true;
}

static void
on_order_answered(void *arg, const struct msg_order_done *m)
{
	struct client *c = arg;

	channel_send(c->channel, c->ordering, &msg_order_is, m, -1);
	conv_end(c->channel, c->ordering);
	c->ordering = NULL;
	c->order = NULL;
	c->active_at = clock_mono_ms();
}

/* Why this client may not give this order; NULL: queue decides. */
static const char *
order_refused(const struct client *c, const struct msg_ask_order *m)
{
	uint32_t uid;

	if (c->operator_)
		return NULL;
	if (m->id == 0)
		return "only root and the group postern may do that to all";
	if (rows_owner(question_rows(), m->id, &uid) && uid != c->who.uid)
		return "not your message";
	return NULL;
}

static bool
on_ask_order(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_ask_order *m = msg;
	struct client *c = channel_owner(ch);
	struct msg_order_done no = { .code = EX_NOPERM };
	struct msg_order order = { .verb = m->verb, .id = m->id };
	const char *refused;

	(void)fd;
	if (c->ordering != NULL || m->verb < ORDER_RETRY ||
	    m->verb > ORDER_BOUNCE || (m->id == 0 && m->verb != ORDER_RETRY))
		return false;
	c->ordering = conv;
	c->active_at = clock_mono_ms();
	order.uid = c->who.uid;
	memcpy(order.reason, m->reason, sizeof(order.reason));
	order.operator_ = c->operator_;
	refused = order_refused(c, m);
	if (refused != NULL) {
		order_log_own(&order, no.code);
		view_copy(view_of(refused), no.text, sizeof(no.text));
		on_order_answered(c, &no);
		return true;
	}
	c->order = order_start(&order, on_order_answered, c);
	return true;
}

static bool
on_ask_suspend(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct msg_suspend m = *(const struct msg_suspend *)msg;
	struct client *c = channel_owner(ch);
	struct msg_order_done no = { .code = EX_NOPERM };

	(void)fd;
	if (c->ordering != NULL || m.name[0] == '\0')
		return false;
	c->ordering = conv;
	c->active_at = clock_mono_ms();
	m.uid = c->who.uid;
	m.operator_ = c->operator_;
	if (c->operator_) {
		c->order = order_start_suspend(&m, on_order_answered, c);
		return true;
	}
	order_log_suspend(&m, no.code);
	view_copy(view_of(operators_only), no.text, sizeof(no.text));
	on_order_answered(c, &no);
	return true;
}

static bool
is_full(void *arg)
{
	const struct client *c = arg;

	return channel_full(c->channel);
}

static void
send_finding(void *arg, const struct msg_finding *m)
{
	struct client *c = arg;

	channel_send(c->channel, c->checking, &msg_finding, m, -1);
}

static void
on_check_over(void *arg, const struct msg_checked *m)
{
	struct client *c = arg;

	channel_send(c->channel, c->checking, &msg_checked, m, -1);
	conv_end(c->channel, c->checking);
	c->checking = NULL;
	c->check = NULL;
	c->active_at = clock_mono_ms();
}

static bool
on_ask_check(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_ask_check *m = msg;
	struct client *c = channel_owner(ch);
	const struct check_out out = { send_finding, on_check_over, is_full,
		c };
	struct msg_checked no = { .code = EX_NOPERM };

	(void)fd;
	if (c->checking != NULL)
		return false;
	c->checking = conv;
	if (c->operator_) {
		c->check = check_start(m->full != 0, &out);
		return true;
	}
	view_copy(view_of(operators_only), no.text, sizeof(no.text));
	on_check_over(c, &no);
	return true;
}

static void
send_cell(void *arg, const struct msg_sql_cell *m)
{
	struct client *c = arg;

	channel_send(c->channel, c->querying, &msg_sql_cell, m, -1);
}

static void
on_sql_over(void *arg, const struct msg_sql_end *m)
{
	struct client *c = arg;

	log_begin("sql");
	log_u64("uid", c->who.uid);
	log_u64("rows", m->rows);
	log_u64("code", m->code);
	log_end();
	channel_send(c->channel, c->querying, &msg_sql_end, m, -1);
	conv_end(c->channel, c->querying);
	c->querying = NULL;
	c->sql = NULL;
	c->active_at = clock_mono_ms();
}

static bool
on_ask_sql(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct client *c = channel_owner(ch);
	const struct sql_out out = { send_cell, on_sql_over, is_full, c };
	struct msg_sql_end no = { .code = EX_NOPERM };

	(void)fd;
	if (c->querying != NULL)
		return false;
	c->querying = conv;
	c->active_at = clock_mono_ms();
	if (c->operator_)
		c->sql = sql_start(msg, &out, &no);
	else
		view_copy(view_of(operators_only), no.text, sizeof(no.text));
	if (c->sql == NULL)
		on_sql_over(c, &no);
	return true;
}

static bool
on_ask_explain(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct client *c = channel_owner(ch);

	(void)fd;
	c->active_at = clock_mono_ms();
	return explained_ask(
	    &c->explained, ch, conv, msg, &c->who, c->operator_);
}

/* clang-format off */
static const struct channel_rule from_tool[] = {
	/* message		handler		in		then */
	{ &msg_ask_queue,	on_ask_queue,	CONV_NEW,	CONV_A },
	{ &msg_ask_show,	on_ask_show,	CONV_NEW,	CONV_A },
	{ &msg_ask_summary,	on_ask_summary,	CONV_NEW,	CONV_A },
	{ &msg_ask_trace,	on_ask_trace,	CONV_NEW,	CONV_A },
	{ &msg_ask_order,	on_ask_order,	CONV_NEW,	CONV_A },
	{ &msg_ask_suspend,	on_ask_suspend,	CONV_NEW,	CONV_A },
	{ &msg_ask_check,	on_ask_check,	CONV_NEW,	CONV_A },
	{ &msg_ask_sql,		on_ask_sql,	CONV_NEW,	CONV_A },
	{ &msg_ask_explain,	on_ask_explain,	CONV_NEW,	CONV_A },
};
/* clang-format on */

static void
client_forget(struct client *c)
{
	if (c->order != NULL)
		order_forget(c->order);
	if (c->check != NULL)
		check_forget(c->check);
	if (c->sql != NULL)
		sql_forget(c->sql);
	explained_forget(c->explained);
	TAILQ_REMOVE(&report.clients, c, entry);
	report.nclients--;
	summary_free(c->q.summary);
	mem_free(c);
}

static void
on_client_closed(struct channel *ch, const char *why)
{
	struct client *c = channel_owner(ch);

	if (why != NULL) {
		log_begin("tool-broken");
		log_u64("uid", c->who.uid);
		log_text("why", why);
		log_end();
	}
	client_forget(c);
}

static void
on_client_drained(struct channel *ch)
{
	struct client *c = channel_owner(ch);

	c->blocked = false;
	c->active_at = clock_mono_ms();
	work_soon();
	if (c->check != NULL)
		check_go_on(c->check);
	if (c->sql != NULL)
		sql_go_on(c->sql);
}

static const struct channel_def client_def = {
	.rules = from_tool,
	.nrules = nitems(from_tool),
	.closed = on_client_closed,
	.drained = on_client_drained,
};

static bool
too_many(const struct caller *who, bool operator_)
{
	size_t max = CLIENTS_MAX + (operator_ ? CLIENTS_RESERVE : 0);
	struct client *c;
	size_t n = 0;

	TAILQ_FOREACH (c, &report.clients, entry)
		if (c->who.uid == who->uid)
			n++;
	return n >= CLIENTS_PER_UID || report.nclients >= max;
}

static void
sweep_from_now(void)
{
	const struct timeval second = { 1, 0 };

	if (!event_pending(report.sweep, EV_TIMEOUT, NULL))
		event_add(report.sweep, &second);
}

static void
client_new(int fd)
{
	struct client *c;
	struct caller who;
	bool operator_;

	if (!caller_read(fd, &who)) {
		close(fd);
		return;
	}
	operator_ = caller_is_operator(
	    &who, (uint32_t)geteuid(), process_boot()->operators);
	if (too_many(&who, operator_)) {
		close(fd); /* the tool explains it */
		return;
	}
	c = mem_zero(1, sizeof(*c));
	c->who = who;
	c->operator_ = operator_;
	c->active_at = clock_mono_ms();
	c->channel = channel_new(process_base(), fd, &client_def, c);
	TAILQ_INSERT_TAIL(&report.clients, c, entry);
	report.nclients++;
	sweep_from_now();
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	int64_t now = clock_mono_ms();
	struct client *c, *next;

	(void)fd;
	(void)what;
	(void)arg;
	orders_expire(now);
	sql_expire(now);
	explained_expire(now);
	TAILQ_FOREACH_SAFE (c, &report.clients, entry, next) {
		if (c->ordering != NULL || c->checking != NULL ||
		    c->explained != NULL || now - c->active_at < IDLE_MS)
			continue;
		channel_free(c->channel);
		client_forget(c);
	}
	door_again();
	if (report.nclients == 0)
		event_del(report.sweep);
}

static struct event *
event_make(short what, event_callback_fn handle)
{
	struct event *e = event_new(process_base(), -1, what, handle, NULL);

	if (e == NULL)
		fatal("no event for the control socket");
	return e;
}

void
report_start(void)
{
	TAILQ_INIT(&report.clients);
	question_init();
	report.work = event_make(0, on_work);
	report.sweep = event_make(EV_PERSIST, on_sweep);
	door_open(client_new, sweep_from_now);
}
