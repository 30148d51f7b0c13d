/* SPDX-License-Identifier: ISC */
/* queue/events.c - tells history what becomes of messages.
 *
 * One frame an attempt: recipients of one group that met with the same answer
 * share it, as a list of thousands is deferred as one.  What was delivered or
 * given up ends a recipient, so that is told of each.
 */
#include "queue/events.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/ip.h"
#include "common/base/log.h"

#include <string.h>

/* Unread bytes at which frames are dropped: below CHANNEL_UNREAD, at which
 * the channel would end. */
enum { UNREAD_MAX = 768 * 1024, LOG_LOST_MS = 60 * 1000 };

static struct {
	uint64_t lost;     /* frames since the last MSG_PAST_LOST */
	uint64_t unlogged; /* since the last line of the log */
	int64_t logged_at; /* monotonic, ms */
	bool pending;      /* there may be more like this one: */
	struct msg_past_event event;
} events;

static void
lose(void)
{
	int64_t now = clock_mono_ms();

	events.lost++;
	events.unlogged++;
	if (events.logged_at != 0 && now - events.logged_at < LOG_LOST_MS)
		return;
	events.logged_at = now;
	log_begin("history-lost");
	log_u64("count", events.unlogged);
	log_end();
	events.unlogged = 0;
}

static bool
has_room(const struct peer *p)
{
	return p->channel != NULL && channel_unsent(p->channel) <= UNREAD_MAX;
}

static void
tell_lost(struct peer *p)
{
	struct msg_past_lost lost = { .count = events.lost };

	if (events.lost > 0)
		channel_send(p->channel, NULL, &msg_past_lost, &lost, -1);
	events.lost = 0;
}

static void
tell(const struct ipc_type *type, const void *m)
{
	struct peer *p = process_peer(PEER_HISTORY, 0);

	if (p == NULL)
		return; /* "history off" */
	if (!has_room(p)) {
		lose();
		return;
	}
	tell_lost(p);
	channel_send(p->channel, NULL, type, m, -1);
}

static void
flush(void)
{
	if (events.pending)
		tell(&msg_past_event, &events.event);
	events.pending = false;
}

void
events_turn(void)
{
	struct peer *p = process_peer(PEER_HISTORY, 0);

	flush();
	/* the last frame may be among the lost: none comes after it */
	if (events.lost > 0 && p != NULL && has_room(p))
		tell_lost(p);
}

static void
tell_of(struct msg_past_event *m)
{
	m->at = clock_wall_ms();
	m->count = 1;
	flush();
	tell(&msg_past_event, m);
}

void
events_held(const struct group *g, const char *why)
{
	struct msg_past_event m = { .id = g->message->id,
		.kind = PAST_HELD,
		.group = g->n,
		.uid = UINT32_MAX };

	(void)view_copy(view_of(why), m.text, sizeof(m.text));
	tell_of(&m);
}

/* A notice about that message was queued. */
static void
tell_notified(uint64_t about, uint64_t notice)
{
	struct msg_past_event m = { .id = about,
		.kind = PAST_NOTIFIED,
		.other = notice,
		.uid = UINT32_MAX };

	tell_of(&m);
}

static void
tell_rcpts(const struct group *g)
{
	struct msg_past_rcpt m = { .id = g->message->id, .group = g->n };

	for (size_t i = 0; i < g->nrcpts; i++) {
		const struct rcpt *r = &g->rcpts[i];

		m.n = r->n;
		(void)view_copy(
		    view_of(r->address), m.address, sizeof(m.address));
		(void)view_copy(view_of(r->original == NULL ? "" : r->original),
		    m.original, sizeof(m.original));
		tell(&msg_past_rcpt, &m);
	}
}

/* Groups that are new to history. */
static void
tell_groups(const struct store_commit *c)
{
	for (size_t i = 0; i < c->ngroups; i++) {
		tell_rcpts(c->groups[i].group);
		if (c->groups[i].group->state == GROUP_HELD)
			events_held(
			    c->groups[i].group, c->groups[i].group->error);
	}
}

void
events_expanded(const struct store_commit *c)
{
	if (process_peer(PEER_HISTORY, 0) == NULL)
		return;
	flush();
	tell_groups(c);
}

void
events_accepted(const struct store_commit *c, uint64_t cause)
{
	const struct message *from = c->message;
	struct msg_past_message m = { .id = from->id,
		.size = from->size,
		.received = from->received,
		.uid = from->uid == UID_NONE ? UINT32_MAX : (uint32_t)from->uid,
		.cause = cause };
	struct ip ip;

	if (process_peer(PEER_HISTORY, 0) == NULL)
		return;
	flush();
	if (ip_parse(view_of(from->client), &ip)) {
		m.client_family = ip.family;
		memcpy(m.client, ip.bytes, sizeof(m.client));
	}
	(void)view_copy(view_of(from->sender), m.sender, sizeof(m.sender));
	(void)view_copy(view_of(from->helo), m.helo, sizeof(m.helo));
	(void)view_copy(
	    view_of(from->message_id), m.message_id, sizeof(m.message_id));
	(void)view_copy(view_of(from->login), m.login, sizeof(m.login));
	tell(&msg_past_message, &m);
	tell_groups(c);
	if (cause != 0)
		tell_notified(cause, from->id);
}

/* Joins the one before it if they differ in the recipient only. */
static void
gather(const struct msg_past_event *m)
{
	struct msg_past_event *last = &events.event;

	if (events.pending && m->kind == PAST_DEFERRED &&
	    last->kind == m->kind && last->id == m->id &&
	    last->group == m->group && last->smtp == m->smtp &&
	    last->subject == m->subject && last->detail == m->detail &&
	    strcmp(last->host, m->host) == 0 &&
	    strcmp(last->tls, m->tls) == 0 &&
	    strcmp(last->text, m->text) == 0) {
		last->count++;
		return;
	}
	flush();
	events.event = *m;
	events.pending = true;
}

void
events_rcpt(enum past_kind kind, const struct group *g, const struct rcpt *r,
    const struct status *st, const struct msg_job_done *done)
{
	struct msg_past_event m = { .id = g->message->id,
		.at = clock_wall_ms(),
		.kind = (uint8_t)kind,
		.group = g->n,
		.n = r->n,
		.count = 1,
		.uid = UINT32_MAX,
		.smtp = (uint16_t)st->smtp,
		.subject = (uint16_t)st->subject,
		.detail = (uint16_t)st->detail };

	if (process_peer(PEER_HISTORY, 0) == NULL)
		return;
	if (done != NULL) {
		m.family = done->family;
		memcpy(m.bytes, done->address, sizeof(m.bytes));
		memcpy(m.host, done->host, sizeof(m.host));
		memcpy(m.tls, done->tls, sizeof(m.tls));
	}
	(void)view_copy(view_of(r->address), m.address, sizeof(m.address));
	(void)view_copy(view_of(st->text), m.text, sizeof(m.text));
	gather(&m);
}

void
events_order(const struct msg_order *o)
{
	static const enum past_kind kinds[] = {
		[ORDER_RETRY] = PAST_RETRIED,
		[ORDER_REMOVE] = PAST_REMOVED,
		[ORDER_HOLD] = PAST_HELD,
		[ORDER_RELEASE] = PAST_RELEASED,
		[ORDER_BOUNCE] = PAST_RETURNED,
	};
	struct msg_past_event m = { .id = o->id, .uid = o->uid };

	if (o->id == 0 || o->verb >= nitems(kinds) || kinds[o->verb] == 0)
		return; /* not of one message */
	m.kind = (uint8_t)kinds[o->verb];
	memcpy(m.text, o->reason, sizeof(m.text));
	tell_of(&m);
}

/* history says nothing */
const struct peer_def events_peer = {
	.kind = PEER_HISTORY,
};
