/* SPDX-License-Identifier: ISC */
/* queue/outcome.c - what becomes of recipients after an attempt.
 *
 * When in doubt a recipient is tried again; one that is given up gets its
 * notification in the same transaction.
 */
#include "queue/outcome.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "common/run/process.h"
#include "queue/admit.h"
#include "queue/dispatch.h"
#include "queue/events.h"
#include "queue/expand.h"
#include "queue/notice.h"
#include "queue/rcpt_log.h"
#include "queue/store.h"
#include "queue/window.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

enum { RETRY_STORE_MS = 5000 };

/* Operations that wait for a time to be handed to the store. */
struct waiting {
	struct store_list list;
	struct event *timer;
	int64_t ms; /* from the first one on */
};

static struct {
	struct waiting gathered; /* results */
	struct waiting refused;  /* by the disk: they hold up no other */
} results;

static void
submit_all(struct waiting *w)
{
	struct store_op *op;

	while ((op = STAILQ_FIRST(&w->list)) != NULL) {
		STAILQ_REMOVE_HEAD(&w->list, next);
		store_submit(op);
	}
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	submit_all(arg);
}

static void
waiting_init(struct waiting *w, int64_t ms)
{
	STAILQ_INIT(&w->list);
	w->ms = ms;
	w->timer = event_new(process_base(), -1, 0, on_timer, w);
	if (w->timer == NULL)
		fatal("no timer for results");
}

void
outcome_init(void)
{
	waiting_init(&results.gathered, RESULTS_MS);
	waiting_init(&results.refused, RETRY_STORE_MS);
}

void
outcome_flush(void)
{
	submit_all(&results.gathered);
}

void
outcome_flush_all(void)
{
	submit_all(&results.gathered);
	submit_all(&results.refused);
}

static void
gather(struct waiting *w, struct store_op *op)
{
	const struct timeval tv = { .tv_sec = w->ms / 1000,
		.tv_usec = w->ms % 1000 * 1000 };

	if (STAILQ_EMPTY(&w->list) && event_add(w->timer, &tv) == -1)
		fatal("no timer for results");
	STAILQ_INSERT_TAIL(&w->list, op, next);
}

void
outcome_route(struct group *g)
{
	struct routing routing = conf_routing(process_conf());
	const struct route_origin origin = { g->message->sender,
		g->message->login };
	struct route_result to;
	struct mailbox box;

	if (expand_is_destination(g->destination) ||
	    !mailbox_parse(view_of(g->rcpts[0].address), &box, true))
		return;
	route_find(&routing, &box, &origin, &to);
	if (to.verdict == ROUTE_TO)
		g->destination = schedule_destination(
		    window_schedule(), to.transport, to.host, to.port);
}

/* The group's place among those in memory after its row has been written. */
static void
on_stored(struct store_op *op)
{
	struct group *g = op->owner;
	struct store_result *r = &op->u.result;
	struct destination *d = g->destination;
	bool again = !r->finished && r->state == GROUP_FRESH;

	if (op->failed) {
		/* a full disk: the row stays as it was; try to write again */
		op->failed = false;
		gather(&results.refused, op);
		/* others are read in its place meanwhile */
		schedule_unload(g);
		if (d != NULL)
			window_settle(d);
		return;
	}
	notice_stored(&r->notice, r->message);
	if (r->instead != NULL) {
		events_expanded(r->instead);
		admit_stored(r->instead);
	}
	if (d != NULL)
		window_known(d, &r->row);
	if (again) {
		g->state = GROUP_FRESH;
		outcome_line_up(g);
	} else {
		if (!r->finished && r->state == GROUP_WAITING) {
			d->dirty = true;
			window_expect(d, r->next_try);
		}
		window_drop(g);
	}
	store_op_free(op);
	window_settle(d);
	window_feed();
	dispatch_run();
}

static struct store_op *
result_new(struct group *g)
{
	struct store_op *op = store_op_new(STORE_RESULT, on_stored, g);
	struct store_result *r = &op->u.result;

	message_hold(g->message);
	r->message = g->message;
	r->group = g->n;
	r->destination = g->destination;
	r->state = g->state;
	r->next_try = g->next_try;
	r->attempts = g->attempts;
	return op;
}

/* Sets what is left to be tried again at that time. */
static void
result_defer(struct store_result *r, int64_t when)
{
	r->state = GROUP_WAITING;
	r->next_try = when;
}

static void
result_finish(struct store_op *op, struct group *g)
{
	struct store_result *r = &op->u.result;

	r->finished = g->nrcpts == 0;
	r->attempts = g->attempts;
	if (g->error != NULL)
		r->error = mem_copy_string(g->error);
	gather(&results.gathered, op);
}

/* Turns "later" into "never" when the message has been here too long. */
static void
expire(const struct group *g, struct status *st, int64_t now)
{
	char old[STATUS_TEXT];

	if (st->verdict != VERDICT_LATER || now < notice_expires(g->message))
		return;
	(void)view_copy(view_of(st->text), old, sizeof(old));
	status_never(st, 554, 4, 7, "not delivered in time; last: %.300s", old);
}

static void
done_add(struct store_result *r, uint32_t n)
{
	/* room for 1, 2, 4, 8 ... */
	if ((r->ndone & (r->ndone - 1)) == 0)
		r->done = mem_grow(r->done, r->ndone == 0 ? 1 : r->ndone * 2,
		    sizeof(*r->done));
	r->done[r->ndone++] = n;
}

/* One recipient's status.  True: it is done with, one way or the other. */
static bool
settle_rcpt(struct store_result *r, struct group *g, struct rcpt *rcpt,
    struct status *st, const struct msg_job_done *done, int64_t now)
{
	char code[STATUS_CODE_TEXT];
	struct buf error;

	expire(g, st, now);
	switch (st->verdict) {
	case VERDICT_DONE:
		if (g->destination->transport == TRANSPORT_LOOKUP) {
			rcpt_log("expanded", g, rcpt, st, NULL);
			return true;
		}
		rcpt_log("delivered", g, rcpt, st, done);
		notice_passed_on(&r->notice, g, rcpt, st, done);
		return true;
	case VERDICT_NEVER:
		notice_failed(&r->notice, g, rcpt, st, done);
		return true;
	case VERDICT_LATER:
		break;
	}
	rcpt_log("deferred", g, rcpt, st, done);
	buf_init(&error, MSG_TEXT_MAX);
	buf_printf(
	    &error, "%d %s %.460s", st->smtp, status_code(st, code), st->text);
	group_set_error(g, buf_string(&error));
	buf_free(&error);
	return false;
}

static size_t
rcpt_place(const struct group *g, uint32_t n)
{
	size_t i = 0;

	while (i < g->nrcpts && g->rcpts[i].n != n)
		i++;
	return i;
}

static void
settle_rcpts(struct store_result *r, struct job *j,
    const struct msg_job_done *done, int64_t now)
{
	struct group *g = j->group;

	for (size_t i = 0; i < j->nrcpts; i++) {
		size_t place = rcpt_place(g, j->rcpts[i].n);

		if (place == g->nrcpts)
			continue;
		if (j->rcpts[i].several)
			notice_expanded(&r->notice, g, &g->rcpts[place],
			    &j->rcpts[i].status);
		if (!settle_rcpt(
			r, g, &g->rcpts[place], &j->rcpts[i].status, done, now))
			continue;
		done_add(r, j->rcpts[i].n);
		group_drop_rcpt(g, place);
	}
}

static bool
any_untried(const struct group *g)
{
	for (size_t i = 0; i < g->nrcpts; i++)
		if (!g->rcpts[i].tried)
			return true;
	return false;
}

static enum outcome
outcome_of(const struct msg_job_done *done)
{
	if (done->stage >= STAGE_MAIL)
		return OUTCOME_SUCCESS;
	return done->verdict == VERDICT_LATER ? OUTCOME_UNREACHABLE
					      : OUTCOME_ABORTED;
}

/* What is left: tried again at once, by the destination's clock, or by its
 * own. */
static void
settle_rest(
    struct store_result *r, struct group *g, enum outcome outcome, int64_t now)
{
	int64_t when = now;

	if (g->nrcpts == 0)
		return;
	if (outcome != OUTCOME_UNREACHABLE && any_untried(g)) {
		r->state = GROUP_FRESH;
		return;
	}
	for (size_t i = 0; i < g->nrcpts; i++)
		g->rcpts[i].tried = false;
	if (outcome != OUTCOME_UNREACHABLE) {
		g->attempts++;
		when += schedule_pause(window_schedule(), g->attempts, 0);
	}
	if (when > notice_expires(g->message))
		when = notice_expires(g->message);
	result_defer(r, when);
}

void
outcome_job(struct job *j, const struct msg_job_done *done)
{
	struct group *g = j->group;
	struct destination *d = g->destination;
	struct store_op *op = result_new(g);
	enum outcome outcome = outcome_of(done);
	int64_t now = clock_wall_ms();
	bool sleeps;

	settle_rcpts(&op->u.result, j, done, now);
	op->u.result.instead = j->instead;
	if (j->instead != NULL)
		admit_begin(j->instead);
	if (done->login != JOB_LOGIN_FINE)
		notice_login(&op->u.result.notice, d, done);
	notice_finish(&op->u.result.notice);
	sleeps = schedule_ended(window_schedule(), g, outcome, done->host, now);
	settle_rest(&op->u.result, g, outcome, now);
	g->job = NULL;
	job_free(j);
	result_finish(op, g);
	if (sleeps)
		window_sleep(d, done->text);
}

/* Its group, which nobody tries any more. */
static struct group *
take_back(struct job *j)
{
	struct group *g = j->group;

	schedule_ended(
	    window_schedule(), g, OUTCOME_ABORTED, NULL, clock_wall_ms());
	for (size_t i = 0; i < g->nrcpts; i++)
		g->rcpts[i].tried = false;
	g->job = NULL;
	job_free(j);
	return g;
}

void
outcome_returned(struct job *j)
{
	outcome_line_up(take_back(j));
}

/* Later, by its own clock, for a reason that is ours. */
static void
put_off(struct group *g, const char *error)
{
	struct store_op *op;

	group_set_error(g, error);
	g->attempts++;
	op = result_new(g);
	result_defer(&op->u.result,
	    clock_wall_ms() +
		schedule_pause(window_schedule(), g->attempts, 0));
	result_finish(op, g);
}

/* Past a final dot whose reply nobody will ever read. */
static void
tell_doubt(const struct job *j)
{
	const struct group *g = j->group;
	struct msg_job_done who = { .family = j->server.family };
	struct status st;

	memcpy(who.address, j->server.address, sizeof(who.address));
	memcpy(who.host, j->server.host, sizeof(who.host));
	status_later(&st, 451, 3, 0,
	    "possible duplicate: the delivering process was lost, waiting for "
	    "the reply to the final dot");
	for (size_t i = 0; i < j->nrcpts; i++) {
		size_t place = rcpt_place(g, j->rcpts[i].n);

		if (place < g->nrcpts)
			rcpt_log("deferred", g, &g->rcpts[place], &st, &who);
	}
}

void
outcome_lost(struct job *j)
{
	struct group *g;

	if (j->dotted)
		tell_doubt(j);
	g = take_back(j);
	/* a message that ends its worker must not end it all the time */
	if (++g->losses < 2)
		outcome_line_up(g);
	else
		put_off(g, "451 4.3.0 the delivering process was lost");
}

/* It was taken; nothing was asked of anybody. */
static void
not_tried(struct group *g)
{
	schedule_refund(g, clock_wall_ms());
	schedule_ended(
	    window_schedule(), g, OUTCOME_ABORTED, NULL, clock_wall_ms());
}

void
outcome_expired_status(const struct group *g, struct status *st)
{
	status_never(st, 554, 4, 7, "not delivered in time; last: %.300s",
	    g->error == NULL ? "never tried" : g->error);
}

void
outcome_expire(struct group *g)
{
	if (!g->in_line)
		return; /* judged when that is over */
	schedule_take(window_schedule(), g);
	if (outcome_without_attempt(g))
		return;
	not_tried(g);
	outcome_line_up(g);
}

bool
outcome_without_attempt(struct group *g)
{
	int64_t now = clock_wall_ms();
	struct status st;
	struct store_op *op;

	if (now < notice_expires(g->message))
		return false;
	not_tried(g);
	op = result_new(g);
	for (size_t n = 0; g->nrcpts > 0 && n < BOUNCE_RCPTS_MAX; n++) {
		outcome_expired_status(g, &st);
		notice_failed(&op->u.result.notice, g, &g->rcpts[0], &st, NULL);
		done_add(&op->u.result, g->rcpts[0].n);
		group_drop_rcpt(g, 0);
	}
	op->u.result.state = GROUP_FRESH; /* the rest, if any, is next */
	notice_finish(&op->u.result.notice);
	result_finish(op, g);
	return true;
}

static void
log_quarantined(uint64_t message, int64_t group, const char *why)
{
	log_begin("quarantined");
	log_id("id", message);
	log_i64("group", group);
	log_text("text", why);
	log_end();
}

void
outcome_put_off(struct group *g, const char *error)
{
	not_tried(g);
	put_off(g, error);
}

void
outcome_quarantine(struct group *g, const char *why)
{
	char reason[STATUS_TEXT];
	struct store_op *op;

	not_tried(g);
	log_quarantined(g->message->id, g->n, why);
	snprintf(reason, sizeof(reason), "%s%s", STORE_QUARANTINED, why);
	group_set_error(g, reason);
	events_held(g, why);
	op = result_new(g);
	op->u.result.state = GROUP_HELD;
	result_finish(op, g);
}

void
outcome_log_flawed(const struct store_flawed *f)
{
	for (size_t i = 0; i < f->n; i++)
		log_quarantined(
		    f->items[i].message, f->items[i].group, f->items[i].why);
}

void
outcome_line_up(struct group *g)
{
	if (schedule_asleep(g->destination, clock_wall_ms()))
		outcome_put_back(g);
	else
		schedule_ready(window_schedule(), g);
}

void
outcome_put_back(struct group *g)
{
	struct destination *d = g->destination;
	struct store_op *op;

	if (g->state == GROUP_WAITING) {
		d->more = true;
		d->dirty = true;
		d->after_time = INT64_MIN;
		window_drop(g);
		return;
	}
	schedule_unready(window_schedule(), g);
	op = result_new(g);
	result_defer(&op->u.result, clock_wall_ms());
	result_finish(op, g);
}
