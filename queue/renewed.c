/* SPDX-License-Identifier: ISC */
/* queue/renewed.c - a login has another password or token than before.
 *
 * A worker that lies must gain no more by it than a try every few seconds at
 * the server of its own route.
 */
#include "queue/renewed.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "common/mail/route.h"
#include "queue/dispatch.h"
#include "queue/store.h"
#include "queue/window.h"
#include "queue/workers.h"

#include <event2/event.h>
#include <string.h>

enum { WAKE_EVERY_MS = 2000 };

static struct event *timer; /* NULL before the first time */

static void
awake(struct destination *d)
{
	schedule_wake(window_schedule(), d);
	d->more = true;
	d->after_time = INT64_MIN;
	window_settle(d);
}

/* The row is as it should be, or the disk refuses and the clock stays. */
static void
on_row_written(struct store_op *op)
{
	if (!op->failed)
		window_look();
	store_op_free(op);
}

/* Its clock is reset, and then when it is to be looked at. */
static void
row_awake(const struct store_destination *d)
{
	struct store_op *op = store_op_new(STORE_SLEEP, store_op_free, NULL);

	op->u.sleep.destination_id = d->id;
	op->u.sleep.clock = true;
	op->u.sleep.failures = d->failures;
	if (d->error != NULL)
		op->u.sleep.error = mem_copy_string(d->error);
	store_submit(op);
	op = store_op_new(STORE_SLEEP, on_row_written, NULL);
	op->u.sleep.destination_id = d->id;
	store_submit(op);
}

/* What memory knows is newer than the row. */
static void
on_row(struct store_op *op)
{
	struct store_destination *row = op->u.destination;
	struct destination *d = schedule_find(window_schedule(),
	    (enum transport)row->transport, row->host, row->port);
	int64_t now = clock_wall_ms();
	bool asleep = d != NULL && d->not_before > now;

	if (!op->failed && row->known && row->not_before > now) {
		row_awake(row);
		asleep = true;
	}
	if (d != NULL && asleep)
		awake(d);
	if (asleep) {
		log_begin("awake");
		log_text("destination", row->host);
		log_text("text", "its login is another");
		log_end();
	}
	store_op_free(op);
	dispatch_run();
}

static void
wake_hop(const struct route *r, const char *hop)
{
	struct store_op *op = store_op_new(STORE_DESTINATION, on_row, NULL);
	struct store_destination *d = op->u.destination;

	d->transport = (uint8_t)r->transport;
	d->port = route_port(r);
	(void)view_copy(view_of(hop), d->host, sizeof(d->host));
	store_submit(op);
}

/* User, host and port are the login's: there are as many next hops as there
 * are sources, and ways of speaking. */
static void
wake_login(size_t login)
{
	const struct conf *c = process_conf();
	const struct routing routing = conf_routing(c);
	bool done[CONF_SOURCES_MAX + 1][2] = { { false } };
	char hop[DOMAIN_MAX + 1];

	for (size_t i = 0; i < c->nroutes; i++) {
		const struct route *r = &c->routes[i];
		bool *is_done =
		    &done[r->source][r->transport == TRANSPORT_LMTP];

		if (r->login != login || *is_done ||
		    !route_next_hop(&routing, r, "", hop))
			continue;
		*is_done = true;
		wake_hop(r, hop);
	}
}

/* Those that have waited long enough; the others when it is time. */
static void
wake_all(void)
{
	int64_t now = clock_mono_ms(), wait = 0;
	struct peer *p;

	for (size_t i = 0; (p = process_peer(PEER_DELIVER, i)) != NULL; i++) {
		struct worker *w = worker_of(p);

		if (w == NULL || !w->renewed)
			continue;
		if (w->woke_at != 0 && now < w->woke_at + WAKE_EVERY_MS) {
			wait = w->woke_at + WAKE_EVERY_MS - now;
			continue;
		}
		w->renewed = false;
		w->woke_at = now;
		wake_login((size_t)p->index + 1);
	}
	if (wait > 0 &&
	    event_add(timer, &(struct timeval){ .tv_sec = wait / 1000,
				 .tv_usec = wait % 1000 * 1000 }) == -1)
		fatal("no timer for what is renewed");
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	wake_all();
}

bool
renewed_heard(struct peer *p)
{
	if (p->class_ != CLASS_LOGIN)
		return false;
	if (timer == NULL)
		timer = event_new(process_base(), -1, 0, on_timer, NULL);
	if (timer == NULL)
		fatal("no timer for what is renewed");
	worker_of(p)->renewed = true;
	wake_all();
	return true;
}
