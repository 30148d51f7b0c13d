/* SPDX-License-Identifier: ISC */
/* queue/start.c - when a new queue may begin to try what it found. */
#include "queue/start.h"

#include "common/base/fatal.h"
#include "common/base/log.h"
#include "common/run/process.h"
#include "queue/age.h"
#include "queue/dispatch.h"
#include "queue/intake.h"
#include "queue/orders.h"
#include "queue/outcome.h"
#include "queue/store.h"
#include "queue/window.h"

#include <event2/event.h>

enum { CLEAN_SECONDS = 1, CLEAN_DAY = 24 * 60 * 60 };

static struct {
	struct event *timer, *cleaner;
	bool begun; /* the window is open */
} start;

static void
clean_again(int seconds)
{
	const struct timeval tv = { .tv_sec = seconds };

	if (event_add(start.cleaner, &tv) == -1)
		fatal("no timer for the cleaner");
}

static void
on_cleaned(struct store_op *op)
{
	const struct store_clean *c = op->u.clean;

	if (c->removed > 0 || c->orphans > 0) {
		log_begin("cleaned");
		log_u64("removed", c->removed);
		log_u64("orphans-kept", c->orphans);
		log_end();
	}
	outcome_log_flawed(&c->flawed);
	clean_again(c->finished ? CLEAN_DAY : CLEAN_SECONDS);
	store_op_free(op);
}

static void
on_clean(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	store_submit(store_op_new(STORE_CLEAN, on_cleaned, NULL));
}

static void
begin(void)
{
	if (start.begun)
		return;
	start.begun = true;
	event_del(start.timer);
	clean_again(CLEAN_SECONDS);
	orders_open();
	window_open();
	age_open();
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	begin();
}

void
start_check(void)
{
	if (!start.begun && intake_settled() && dispatch_settled())
		begin();
}

void
start_begin(void)
{
	const struct timeval tv = { .tv_sec = START_SECONDS };

	start.timer = event_new(process_base(), -1, 0, on_timer, NULL);
	start.cleaner = event_new(process_base(), -1, 0, on_clean, NULL);
	if (start.timer == NULL || start.cleaner == NULL)
		fatal("no timer for the start");
	if (event_add(start.timer, &tv) == -1)
		fatal("no timer for the start");
}
