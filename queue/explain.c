/* SPDX-License-Identifier: ISC */
/* queue/explain.c - what would become of mail for an address?
 *
 * Must change nothing, and never wait: whoever is asked has a deadline, and
 * what a worker says is judged before it is passed on.
 */
#include "queue/explain.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/ipc/msg_lookup.h"
#include "common/run/process.h"
#include "queue/expand.h"
#include "queue/explain_sound.h"
#include "queue/explain_tell.h"
#include "queue/store.h"
#include "queue/window.h"
#include "queue/workers.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* Who is asked knows its own limits: one that is silent so much longer than
 * all of them together stands still. */
enum { SILENCE_MS = 60 * 1000 };

struct explaining {
	TAILQ_ENTRY(explaining) entry;
	struct peer *report;
	struct conv *conv;   /* NULL: nobody waits for the answer */
	struct conv *asked;  /* with lookup or deliver; NULL: with neither */
	struct peer *worker; /* NULL: deliver was not asked */
	bool reading;        /* queue.db */
	bool operator_;
	struct msg_ask_explain ask;
	struct mailbox box; /* for whom */
	struct route_result to;
	uint32_t names; /* meant by the address, as far as lookup says */
	struct explain_seen seen;
	int64_t deadline; /* monotonic, ms; of who waits, then of the worker */
	bool late;        /* the first has passed */
};

/* Oldest first. */
static TAILQ_HEAD(, explaining) all = TAILQ_HEAD_INITIALIZER(all);
static struct event *timer; /* NULL: nobody ever asked */

static void
say(struct explaining *e, const struct ipc_type *type, const void *m)
{
	if (e->conv != NULL && e->report->channel != NULL)
		channel_send(e->report->channel, e->conv, type, m, -1);
}

/* Nobody waits, and nobody else is asked; but what is read comes back. */
static void
settle(struct explaining *e)
{
	if (e->conv != NULL || e->asked != NULL || e->reading)
		return;
	TAILQ_REMOVE(&all, e, entry);
	mem_free(e);
}

static void
end(struct explaining *e, const struct msg_explain_end *m)
{
	say(e, &msg_explain_end, m);
	if (e->conv != NULL)
		e->conv->object = NULL;
	if (e->conv != NULL && e->report->channel != NULL)
		conv_end(e->report->channel, e->conv);
	e->conv = NULL;
	settle(e);
}

/* No answer: why. */
static void
end_without(struct explaining *e, uint16_t code, const char *text)
{
	struct msg_explain_end m = { .code = code, .names = e->names };

	(void)view_copy(view_of(text), m.text, sizeof(m.text));
	end(e, &m);
}

static void
end_status(struct explaining *e, const struct status *st)
{
	struct msg_explain_end m = { .names = e->names,
		.verdict = (uint8_t)st->verdict,
		.smtp = (uint16_t)st->smtp,
		.subject = (uint16_t)st->subject,
		.detail = (uint16_t)st->detail };

	(void)view_copy(view_of(st->text), m.text, sizeof(m.text));
	end(e, &m);
}

static void timer_set(void);

/* From now on; what comes next has a patience of its own. */
static void
wait_for(struct explaining *e, int64_t seconds)
{
	if (!e->late)
		e->deadline = clock_mono_ms() + 1000 * seconds;
}

/* What is still said of it is judged, as all that was said before. */
static void
too_late(struct explaining *e, int64_t now)
{
	e->late = true;
	e->deadline = now + SILENCE_MS;
	end_without(
	    e, EX_TEMPFAIL, "the process that was asked does not answer");
}

/* One at a time: with its channel go all the questions that it was asked. */
static void
accuse(int64_t now)
{
	struct explaining *e;

	TAILQ_FOREACH (e, &all, entry) {
		if (!e->late || e->worker == NULL || e->asked == NULL ||
		    now < e->deadline)
			continue;
		process_accuse(e->worker, "no answer to a question");
		return;
	}
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	int64_t now = clock_mono_ms();
	struct explaining *e, *next;

	(void)fd;
	(void)what;
	(void)arg;
	TAILQ_FOREACH_SAFE (e, &all, entry, next)
		if (!e->late && now >= e->deadline)
			too_late(e, now);
	accuse(now);
	timer_set();
}

static void
timer_set(void)
{
	const struct timeval second = { .tv_sec = 1 };

	if (timer == NULL)
		timer = event_new(process_base(), -1, 0, on_timer, NULL);
	if (timer == NULL ||
	    (!TAILQ_EMPTY(&all) && event_add(timer, &second) == -1))
		fatal("no timer for questions");
}

static void
probe(struct explaining *e)
{
	struct destination d = { .transport = e->to.transport,
		.port = e->to.port };
	struct msg_probe m = { .connect = e->ask.connect,
		.transport = (uint8_t)e->to.transport,
		.port = e->to.port };
	struct peer *worker;

	memcpy(d.host, e->to.host, sizeof(d.host));
	memcpy(m.host, e->to.host, sizeof(e->to.host));
	worker = workers_choose(&d);
	if (worker == NULL)
		end_without(e, EX_TEMPFAIL,
		    "the process that delivers by this route is missing at "
		    "the moment: try again");
	else if (!channel_may_open(worker->channel, &msg_probe))
		end_without(e, EX_TEMPFAIL,
		    "too many such questions are under way: try again");
	else {
		e->worker = worker;
		e->asked = channel_open(
		    worker->channel, &msg_probe, &m, -1, EXPLAIN_PROBE, e);
	}
}

static void
tell_state(struct explaining *e, const struct store_destination *row)
{
	const struct destination *d = schedule_find(
	    window_schedule(), e->to.transport, e->to.host, e->to.port);
	struct msg_explain_state m;
	struct msg_explain_rate r;

	explain_tell_state(&m, d, row, clock_wall_ms(), e->operator_);
	say(e, &msg_explain_state, &m);
	for (size_t i = 0;
	     i < EXPLAIN_RATES_MAX &&
	     explain_tell_rate(&r, process_conf(), &e->to, m.server, i);
	     i++) {
		/* a login is for operators */
		if (!e->operator_ && strchr(r.name, '@') != NULL)
			(void)strlcpy(
			    r.name, route_hop_host(e->to.host), sizeof(r.name));
		say(e, &msg_explain_rate, &r);
	}
	e->seen = (struct explain_seen){ .connect = e->ask.connect != 0 };
}

static void
on_row(struct store_op *op)
{
	struct explaining *e = op->owner;

	e->reading = false;
	if (e->conv == NULL) {
		settle(e);
	} else if (op->failed) {
		end_without(e, EX_TEMPFAIL, "queue.db cannot be read now");
	} else {
		tell_state(e, op->u.destination);
		probe(e);
	}
	store_op_free(op);
}

static void
read_row(struct explaining *e)
{
	struct store_op *op = store_op_new(STORE_DESTINATION, on_row, e);
	struct store_destination *d = op->u.destination;

	d->transport = (uint8_t)e->to.transport;
	d->port = e->to.port;
	memcpy(d->host, e->to.host, sizeof(d->host));
	e->reading = true;
	store_submit(op);
}

/* It is known who is meant. */
static void
route(struct explaining *e)
{
	const struct conf *c = process_conf();
	const struct routing routing = conf_routing(c);
	const struct route_origin origin = { e->ask.sender, e->ask.login };
	struct msg_explain_route m;
	struct mailbox meant;
	struct status st;

	wait_for(e, PROBE_FIND_SECONDS + EXPLAIN_MARGIN_SECONDS +
			(e->ask.connect != 0 ? PROBE_CONNECT_SECONDS : 0));
	route_expand(&routing, &e->box, &meant);
	route_find(&routing, &meant, &origin, &e->to);
	explain_tell_route(&m, c, &meant, &e->to, e->operator_);
	say(e, &msg_explain_route, &m);
	switch (e->to.verdict) {
	case ROUTE_TO:
		read_row(e);
		return;
	case ROUTE_HOLD:
		status_later(&st, 451, 3, 5,
		    "kept in the queue: no place to go for postmaster's mail");
		break;
	case ROUTE_NOWHERE:
		status_never(&st, 550, 1, 1, "no mailboxes on this machine");
		break;
	}
	end_status(e, &st);
}

static void
ask_names(struct explaining *e)
{
	const struct peer *p = process_peer(PEER_LOOKUP, 0);
	struct channel *ch = p == NULL ? NULL : p->channel;
	struct msg_expand m = { 0 };
	char address[ADDRESS_MAX + 1];

	if (!e->operator_) {
		end_without(e, EX_NOPERM,
		    "only root and the group postern may see who is meant by "
		    "a local address");
		return;
	}
	if (ch == NULL || !channel_may_open(ch, &msg_expand)) {
		end_without(e, EX_TEMPFAIL,
		    "the process that knows the aliases is missing at the "
		    "moment: try again");
		return;
	}
	view_copy(view_of(mailbox_print(&e->box, address)), m.address,
	    sizeof(m.address));
	wait_for(e, EXPLAIN_NAMES_SECONDS);
	e->asked = channel_open(ch, &msg_expand, &m, -1, EXPLAIN_NAMES, e);
}

bool
explain_name(struct conv *conv, const void *msg)
{
	const struct msg_expanded *m = msg;
	uint64_t max = conf_number(process_conf(), KEY_RECIPIENTS);
	struct explaining *e = conv->object;
	struct msg_explain_name out;
	struct mailbox box;

	if (!mailbox_parse(view_of(m->address), &box, true))
		return false;
	if (e == NULL)
		return true;
	if (e->names == max)
		return false;
	e->box = box;
	memcpy(out.address, m->address, sizeof(out.address));
	if (e->names++ < EXPLAIN_NAMES_MAX)
		say(e, &msg_explain_name, &out);
	return true;
}

bool
explain_names_end(struct conv *conv, const void *msg)
{
	const struct msg_expand_end *m = msg;
	struct explaining *e = conv->object;
	struct status st;

	if ((m->count == 0) == (m->text[0] == '\0'))
		return false;
	if (e == NULL)
		return true;
	if (m->count != e->names)
		return false;
	e->asked = NULL;
	if (e->conv == NULL) { /* it took too long */
		settle(e);
		return true;
	}
	if (e->names == 1) {
		route(e);
		return true;
	}
	if (e->names == 0)
		status_later(&st, 451, 3, 5, "%s", m->text);
	else
		status_done(&st, 250, 1, 5, "%u addresses", e->names);
	end_status(e, &st);
	return true;
}

bool
explain_heard(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct ipc_type *type = channel_message(ch);
	struct explaining *e = conv->object;
	struct msg_explain_end m;

	(void)fd;
	if (e == NULL)
		return true;
	if (!explain_sound(&e->seen, type, msg))
		return false;
	if (type != &msg_explain_end) {
		say(e, type, msg);
		return true;
	}
	m = *(const struct msg_explain_end *)msg;
	if (m.code != 0)
		return false; /* that is ours to say */
	if (m.verdict == VERDICT_DONE && e->seen.servers == 0)
		return false; /* it goes nowhere */
	m.names = e->names;
	e->asked = NULL;
	end(e, &m);
	return true;
}

void
explain_lost(struct conv *conv)
{
	struct explaining *e = conv->object;

	if (e == NULL)
		return;
	e->asked = NULL;
	end_without(
	    e, EX_TEMPFAIL, "the process that was asked is gone: try again");
}

void
explain_gone(struct conv *conv)
{
	struct explaining *e = conv->object;

	if (e == NULL)
		return;
	e->conv = NULL;
	settle(e);
}

/* On the whole machine one at a time, also when nobody waits for what a worker
 * does.  Before that it will never come so far. */
static bool
somebody_connects(void)
{
	const struct explaining *e;

	TAILQ_FOREACH (e, &all, entry)
		if (e->ask.connect != 0 &&
		    (e->worker != NULL || e->conv != NULL))
			return true;
	return false;
}

/* A name alone is one of ours. */
static bool
parse(const char *text, struct mailbox *box)
{
	char whole[MSG_ADDRESS_MAX + 1];
	int n;

	if (strchr(text, '@') != NULL)
		return mailbox_parse(view_of(text), box, true);
	n = snprintf(whole, sizeof(whole), "%s@%s", text,
	    conf_text(process_conf(), KEY_HOSTNAME));
	return n > 0 && (size_t)n < sizeof(whole) &&
	       mailbox_parse(view_of(whole), box, true);
}

static const char *
refused(const struct explaining *e, uint16_t *code)
{
	struct mailbox sender;

	*code = EX_USAGE;
	if (e->box.local[0] == '\0')
		return "not the address of a recipient";
	if (e->ask.sender[0] != '\0' &&
	    !mailbox_parse(view_of(e->ask.sender), &sender, true))
		return "not the address of a sender";
	if (e->ask.connect == 0)
		return NULL;
	*code = EX_NOPERM;
	if (!e->operator_)
		return "only root and the group postern may connect";
	*code = EX_TEMPFAIL;
	return somebody_connects() ? "another one connects at this moment: "
				     "one at a time"
				   : NULL;
}

bool
explain_asked(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_explain *m = msg;
	struct explaining *e = mem_zero(1, sizeof(*e));
	const char *why;
	uint16_t code;

	(void)fd;
	e->report = channel_owner(ch);
	e->conv = conv;
	e->ask = m->ask;
	e->operator_ = m->operator_ != 0;
	conv->object = e;
	if (!parse(e->ask.address, &e->box))
		e->box.local[0] = '\0';
	wait_for(e, EXPLAIN_NAMES_SECONDS);
	why = refused(e, &code); /* by the others */
	TAILQ_INSERT_TAIL(&all, e, entry);
	timer_set();
	if (why != NULL)
		end_without(e, code, why);
	else if (expand_wanted(&e->box))
		ask_names(e);
	else
		route(e);
	return true;
}
