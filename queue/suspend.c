/* SPDX-License-Identifier: ISC */
/* queue/suspend.c - destinations that an operator suspends and resumes. */
#include "queue/suspend.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/ipc/msg_report.h"
#include "common/run/process.h"
#include "queue/dispatch.h"
#include "queue/orders.h"
#include "queue/store.h"
#include "queue/window.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { PORT_TEXT = 16 };

/* It is one of those that are meant. */
static bool
is_named(const struct store_suspend *o, const struct destination *d)
{
	return strcmp(d->host, o->host) == 0 &&
	       (o->transport == 0 || d->transport == o->transport) &&
	       (o->port == 0 || d->port == o->port);
}

/* Those in memory; 0: no longer. */
static void
suspend_in_memory(const struct store_suspend *o)
{
	struct schedule *s = window_schedule();
	struct destination *d, *next;

	for (size_t i = 0; i < SCHEDULE_BUCKETS; i++)
		for (d = s->bucket[i]; d != NULL; d = next) {
			next = d->next;
			if (!is_named(o, d))
				continue;
			d->suspended = o->until;
			if (o->until > 0)
				window_put_back(d);
			window_settle(d);
		}
}

/* The destination that mail for this domain has by today's routes. */
static bool
route_of(const char *name, struct route_result *to)
{
	struct routing routing = conf_routing(process_conf());
	char address[DOMAIN_MAX + 16];
	struct mailbox box;

	snprintf(address, sizeof(address), "postmaster@%s", name);
	if (!mailbox_parse(view_of(address), &box, true))
		return false;
	route_find(&routing, &box, NULL, to);
	return to->verdict == ROUTE_TO;
}

/* A UNIX socket has none. */
static const char *
port_text(uint16_t port, char out[PORT_TEXT])
{
	out[0] = '\0';
	if (port > 0)
		snprintf(out, PORT_TEXT, " port %u", port);
	return out;
}

/* Nothing was suspended: why? */
static void
explain(const struct store_suspend *s, struct msg_order_done *m)
{
	struct route_result to;
	char port[PORT_TEXT];

	if (s->until == 0) {
		snprintf(m->text, sizeof(m->text), "it was not suspended");
		return;
	}
	m->code = EX_USAGE;
	if (route_of(s->host, &to))
		snprintf(m->text, sizeof(m->text),
		    "no destination of that name: mail for it goes to %s%s",
		    to.host, port_text(to.port, port));
	else
		snprintf(m->text, sizeof(m->text),
		    "no destination of that name: see postern queue "
		    "--summary");
}

static void
log_done(const struct store_suspend *s, uint32_t uid)
{
	log_begin(s->until == 0 ? "resumed" : "suspended");
	log_text("destination", s->host);
	log_u64("uid", uid);
	if (s->until > 0 && s->until < SCHEDULE_FOREVER)
		log_i64("seconds", (s->until - clock_wall_ms()) / 1000);
	if (s->reason != NULL)
		log_text("text", s->reason);
	log_end();
}

static void
on_suspended(struct store_op *op)
{
	struct store_suspend *s = &op->u.suspend;
	struct msg_order_done m = { .count = s->count };

	if (op->failed) {
		m.code = EX_TEMPFAIL;
		(void)view_copy(view_of("the disk refuses: try again later"),
		    m.text, sizeof(m.text));
	} else if (s->count == 0) {
		explain(s, &m);
	} else {
		suspend_in_memory(s);
		log_done(s, order_uid(op->owner));
	}
	order_answer(op->owner, &m);
	store_op_free(op);
	window_look();
	dispatch_run();
}

static int64_t
until_of(const struct msg_suspend *m, int64_t now)
{
	if (m->resume != 0)
		return 0;
	/* as good as without an end, and no sum overflows */
	if (m->ms == 0 || m->ms > INT64_MAX / 4)
		return SCHEDULE_FOREVER;
	return now + (int64_t)m->ms;
}

static bool
fits(const struct store_suspend *s, const struct route_result *to)
{
	return view_is(view_of(to->host), s->host) &&
	       (s->transport == 0 || s->transport == to->transport) &&
	       (s->port == 0 || s->port == to->port);
}

/* The host that some route names goes before a domain of that name; by MX a
 * route is the only way to a name with a source. */
static bool
routed_to(const struct store_suspend *s, struct route_result *to)
{
	struct routing routing = conf_routing(process_conf());
	const char *domain = route_hop_host(s->host);

	for (size_t i = 0; i < routing.nrows; i++) {
		const struct route *r = &routing.rows[i];

		to->transport = r->transport;
		to->port = route_port(r);
		if ((r->transport != TRANSPORT_MX || domain != s->host) &&
		    route_next_hop(&routing, r, domain, to->host) &&
		    fits(s, to))
			return true;
	}
	return false;
}

/* A destination that does not exist yet can be suspended all the same. */
static void
add_unknown(struct store_suspend *s)
{
	struct route_result to;

	if (s->until == 0)
		return;
	if (!routed_to(s, &to) && !(route_of(s->host, &to) && fits(s, &to)))
		return;
	s->add_transport = (uint8_t)to.transport;
	s->add_port = to.port;
}

bool
suspend_ask(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_suspend *m = msg;
	struct order *o = order_new(channel_owner(ch), conv, m->uid);
	struct msg_order_done no = { .code = EX_NOPERM };
	struct store_op *op;
	struct store_suspend *s;

	(void)fd;
	if (m->operator_ == 0) {
		order_answer(o, &no);
		return true;
	}
	op = store_op_new(STORE_SUSPEND, on_suspended, o);
	s = &op->u.suspend;
	(void)view_copy(view_of(m->name), s->host, sizeof(s->host));
	s->transport = m->transport;
	s->port = m->port;
	s->until = until_of(m, clock_wall_ms());
	if (m->reason[0] != '\0')
		s->reason = mem_copy_string(m->reason);
	add_unknown(s);
	store_submit(op);
	return true;
}

void
suspend_expired(const struct destination *d)
{
	struct store_op *op = store_op_new(STORE_SUSPEND, store_op_free, NULL);
	struct store_suspend *s = &op->u.suspend;

	(void)view_copy(view_of(d->host), s->host, sizeof(s->host));
	s->transport = (uint8_t)d->transport;
	s->port = d->port;
	s->only_before = clock_wall_ms();
	store_submit(op);
	log_begin("resumed");
	log_text("destination", d->host);
	log_text("text", "its time is over");
	log_end();
}
