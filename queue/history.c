/* SPDX-License-Identifier: ISC */
/* queue/history.c - postern-history: keeps what queue tells of messages.
 *
 * Transactions last a second; what is too old or too much is deleted between
 * them, a bounded part each time.
 */
#include "queue/history.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "queue/history_store.h"

#include <event2/event.h>

enum { TRIMS_PER_TICK = 8 };

static struct {
	struct past *past;
	struct event *tick;
} history;

static bool
family_fits(uint8_t family)
{
	return family == 0 || family == 4 || family == 6;
}

static bool
id_fits(uint64_t id)
{
	return id > 0 && id <= INT64_MAX;
}

static bool
on_message(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_past_message *m = msg;

	(void)ch;
	(void)conv;
	(void)fd;
	if (!id_fits(m->id) || m->cause > INT64_MAX || m->size > INT64_MAX ||
	    !family_fits(m->client_family))
		return false;
	past_message(history.past, m);
	return true;
}

static bool
on_rcpt(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_past_rcpt *m = msg;

	(void)ch;
	(void)conv;
	(void)fd;
	if (!id_fits(m->id))
		return false;
	past_rcpt(history.past, m);
	return true;
}

static bool
on_event(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_past_event *m = msg;

	(void)ch;
	(void)conv;
	(void)fd;
	if (!id_fits(m->id) || m->other > INT64_MAX || m->kind < 1 ||
	    m->kind > PAST_LAST || !family_fits(m->family))
		return false;
	past_event(history.past, m);
	return true;
}

static bool
on_lost(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_past_lost *m = msg;

	(void)ch;
	(void)conv;
	(void)fd;
	past_lost(history.past, m->count);
	return true;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	int64_t now = clock_wall_ms();

	(void)fd;
	(void)what;
	(void)arg;
	past_commit(history.past);
	for (int i = 0; i < TRIMS_PER_TICK; i++)
		if (!past_trim(history.past, now))
			return;
}

void
history_start(void)
{
	const struct timeval second = { 1, 0 };
	const struct conf *c = process_conf();
	const struct past_limits limits = {
		.keep_ms = (int64_t)conf_number(c, KEY_HISTORY_KEEP) * 1000,
		.bytes = conf_number(c, KEY_HISTORY_SIZE)
	};

	history.past = past_new(&limits);
	/* so that there is something to read from the beginning */
	past_lost(history.past, 0);
	past_commit(history.past);
	history.tick = event_new(process_base(), -1, EV_PERSIST, on_tick, NULL);
	if (history.tick == NULL || event_add(history.tick, &second) == -1)
		fatal("no timer for the history");
}

void
history_stop(void)
{
	past_commit(history.past);
	process_exit();
}

/* clang-format off */
static const struct channel_rule rules[] = {
	{ &msg_past_message, on_message, CONV_NONE, 0 },
	{ &msg_past_rcpt, on_rcpt, CONV_NONE, 0 },
	{ &msg_past_event, on_event, CONV_NONE, 0 },
	{ &msg_past_lost, on_lost, CONV_NONE, 0 },
};
/* clang-format on */

const struct peer_def history_queue_peer = {
	.kind = PEER_QUEUE,
	.rules = rules,
	.nrules = nitems(rules),
};
