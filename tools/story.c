/* SPDX-License-Identifier: ISC */
/* tools/story.c - the life of a message, as a table or as JSON.
 *
 * Every text that came from outside passes human_text() or human_json().
 */
#include "tools/story.h"

#include "common/base/alloc.h"
#include "common/base/id.h"
#include "common/base/ip.h"
#include "tools/human.h"
#include "tools/json.h"
#include "tools/listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_TIME = 20, COLUMN_SINCE = 6, COLUMN_WHAT = 10, LINE_MAX = 2048 };

static const char *const kinds[] = {
	[0] = "unknown",
	[PAST_DELIVERED] = "delivered",
	[PAST_DEFERRED] = "deferred",
	[PAST_BOUNCED] = "bounced",
	[PAST_REMOVED] = "removed",
	[PAST_HELD] = "held",
	[PAST_RELEASED] = "released",
	[PAST_RETRIED] = "retried",
	[PAST_NOTIFIED] = "notified",
	[PAST_RETURNED] = "returned",
	[PAST_EXPANDED] = "expanded",
};

static const char *
kind_name(uint8_t kind)
{
	return kinds[kind < nitems(kinds) ? kind : 0];
}

/* A copy behind the others. */
static void
keep(void *list, size_t *n, const void *m, size_t size)
{
	void ***all = list;

	if ((*n & (*n - 1)) == 0)
		*all = mem_grow(*all, *n == 0 ? 1 : *n * 2, sizeof(**all));
	(*all)[*n] = mem_alloc(size);
	memcpy((*all)[*n], m, size);
	(*n)++;
}

static void
forget(void *list, size_t *n)
{
	void ***all = list;

	for (size_t i = 0; i < *n; i++)
		mem_free((*all)[i]);
	mem_free(*all);
	*all = NULL;
	*n = 0;
}

void
story_message(struct story *s, const struct msg_past_message *m)
{
	story_end(s);
	s->open = true;
	s->message = *m;
}

void
story_rcpt(struct story *s, const struct msg_past_rcpt *m)
{
	keep(&s->rcpts, &s->nrcpts, m, sizeof(*m));
}

void
story_event(struct story *s, const struct msg_past_event *m)
{
	keep(&s->events, &s->nevents, m, sizeof(*m));
}

void
story_queued(struct story *s, const struct msg_row_rcpt *m)
{
	keep(&s->queued, &s->nqueued, m, sizeof(*m));
}

static int
by_time(const void *a, const void *b)
{
	const struct msg_past_event *x = *(struct msg_past_event *const *)a;
	const struct msg_past_event *y = *(struct msg_past_event *const *)b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	/* a notice comes after what it is about */
	return (x->kind == PAST_NOTIFIED) - (y->kind == PAST_NOTIFIED);
}

static void
server_text(const struct msg_past_event *e, char *out, size_t size)
{
	struct ip ip = { .family = e->family };
	char text[IP_TEXT] = "";

	memcpy(ip.bytes, e->bytes, sizeof(ip.bytes));
	if (ip.family == 4 || ip.family == 6)
		ip_print(&ip, text);
	if (text[0] == '\0' || e->host[0] == '[')
		snprintf(out, size, "%s", e->host);
	else if (e->host[0] == '\0' || strcmp(e->host, text) == 0)
		snprintf(out, size, "[%s]", text);
	else
		snprintf(out, size, "%s [%s]", e->host, text);
}

/* "2026-11-28T03:00:00Z   +5m  delivered  " */
static void
line_begin(struct story *s, int64_t at, const char *what)
{
	char iso[HUMAN_TEXT], age[HUMAN_TEXT], since[HUMAN_TEXT + 1];

	snprintf(since, sizeof(since), "+%s",
	    human_age(at - s->message.received, age));
	buf_printf(s->out, "  %-*s %*s  %-*s ", COLUMN_TIME, human_iso(at, iso),
	    COLUMN_SINCE, since, COLUMN_WHAT, what);
}

static void
line_end(struct story *s, const char *text)
{
	size_t used = 2 + COLUMN_TIME + 1 + COLUMN_SINCE + 2 + COLUMN_WHAT + 1;

	human_text(s->out, view_of(text), s->width > used ? s->width - used : 0,
	    s->utf8);
	buf_add_string(s->out, "\n");
}

static void
event_line(struct story *s, const struct msg_past_event *e)
{
	char text[LINE_MAX], server[MSG_DOMAIN_MAX + IP_TEXT + 4];
	char id[ID_TEXT], by[32] = "", more[32] = "";

	server_text(e, server, sizeof(server));
	line_begin(s, e->at, kind_name(e->kind));
	if (e->uid != UINT32_MAX)
		snprintf(by, sizeof(by), "by uid %" PRIu32, e->uid);
	if (e->count > 1)
		snprintf(
		    more, sizeof(more), " and %" PRIu32 " more", e->count - 1);
	if (e->kind == PAST_NOTIFIED)
		snprintf(text, sizeof(text), "the sender, by message %s",
		    id_print(e->other, id));
	else
		snprintf(text, sizeof(text), "%s%s%s%s%s%s%s%s%s%s", by,
		    e->address, more, server[0] == '\0' ? "" : " by ", server,
		    e->tls[0] == '\0' ? "" : " (", e->tls,
		    e->tls[0] == '\0' ? "" : ")",
		    e->text[0] == '\0' ||
			    (by[0] == '\0' && e->address[0] == '\0' &&
				server[0] == '\0')
			? ""
			: ": ",
		    e->text);
	line_end(s, text);
}

static void
queued_line(struct story *s, const struct msg_row_rcpt *m)
{
	char text[LINE_MAX], age[HUMAN_TEXT], next[HUMAN_TEXT + 32] = "";

	if (m->state == GROUP_WAITING && m->next_try > s->now)
		snprintf(next, sizeof(next), ", next try in %s",
		    human_age(m->next_try - s->now, age));
	else if (m->state == GROUP_WAITING)
		snprintf(next, sizeof(next), ", due");
	line_begin(s, s->now, listing_state(m->state));
	snprintf(text, sizeof(text), "%s%s%s%s", m->address, next,
	    m->error[0] == '\0' ? "" : ": ", m->error);
	line_end(s, text);
}

static void
accepted_line(struct story *s)
{
	const struct msg_past_message *m = &s->message;
	char text[LINE_MAX], client[IP_TEXT], bytes[HUMAN_TEXT];
	char from[IP_TEXT + MSG_DOMAIN_MAX + 32], id[ID_TEXT];

	human_client(m->client_family, m->client, client);
	if (m->cause != 0)
		snprintf(from, sizeof(from), "a notice about %s",
		    id_print(m->cause, id));
	else if (m->uid != UINT32_MAX)
		snprintf(from, sizeof(from), "from uid %" PRIu32, m->uid);
	else
		snprintf(from, sizeof(from), "from %s (%s)", client, m->helo);
	line_begin(s, m->received, "accepted");
	snprintf(
	    text, sizeof(text), "%s, %s", from, human_bytes(m->size, bytes));
	line_end(s, text);
}

static void
named_line(struct story *s, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	buf_printf(s->out, "  %-12s", name);
	human_text(s->out, view_of(text), 0, s->utf8);
	buf_add_string(s->out, "\n");
}

static void
table(struct story *s)
{
	const struct msg_past_message *m = &s->message;
	char id[ID_TEXT], age[HUMAN_TEXT], both[2 * MSG_ADDRESS_MAX + 32];

	buf_printf(s->out, "%smessage %s, %s ago\n", s->told > 0 ? "\n" : "",
	    id_print(m->id, id), human_age(s->now - m->received, age));
	named_line(s, "sender", m->sender[0] == '\0' ? "<>" : m->sender);
	for (size_t i = 0; i < s->nrcpts; i++) {
		const struct msg_past_rcpt *r = s->rcpts[i];

		snprintf(both, sizeof(both), "%s%s%s%s", r->address,
		    r->original[0] == '\0' ? "" : " (sent to ", r->original,
		    r->original[0] == '\0' ? "" : ")");
		named_line(s, "recipient", both);
	}
	named_line(s, "message-id", m->message_id);
	named_line(s, "login", m->login);
	accepted_line(s);
	for (size_t i = 0; i < s->nevents; i++)
		event_line(s, s->events[i]);
	for (size_t i = 0; i < s->nqueued; i++)
		queued_line(s, s->queued[i]);
}

static void
json_message(struct story *s)
{
	const struct msg_past_message *m = &s->message;
	struct msg_row row = { .id = m->id,
		.size = m->size,
		.received = m->received,
		.uid = m->uid,
		.client_family = m->client_family };
	char id[ID_TEXT];

	memcpy(row.client, m->client, sizeof(row.client));
	memcpy(row.sender, m->sender, sizeof(row.sender));
	memcpy(row.helo, m->helo, sizeof(row.helo));
	memcpy(row.message_id, m->message_id, sizeof(row.message_id));
	memcpy(row.login, m->login, sizeof(row.login));
	buf_add_string(s->out, "{");
	json_head(s->out, &row);
	if (m->cause != 0)
		buf_printf(s->out, ",\"about\":\"%s\"", id_print(m->cause, id));
}

static void
json_event(struct story *s, const struct msg_past_event *e)
{
	char server[MSG_DOMAIN_MAX + IP_TEXT + 4], id[ID_TEXT];

	server_text(e, server, sizeof(server));
	buf_add_string(s->out, "{");
	json_time(s->out, "at", e->at);
	buf_printf(s->out, ",\"what\":\"%s\",", kind_name(e->kind));
	json_text(s->out, "recipient", e->address);
	buf_printf(s->out, ",\"recipients\":%" PRIu32 ",", e->count);
	json_text(s->out, "server", server);
	buf_add_string(s->out, ",");
	json_text(s->out, "tls", e->tls);
	buf_add_string(s->out, ",");
	json_text(s->out, "text", e->text);
	buf_add_string(s->out, ",");
	json_uid(s->out, e->uid);
	if (e->kind == PAST_NOTIFIED)
		buf_printf(
		    s->out, ",\"notice\":\"%s\"", id_print(e->other, id));
	buf_add_string(s->out, "}");
}

static void
json_queued(struct story *s, const struct msg_row_rcpt *m)
{
	buf_add_string(s->out, "{");
	json_text(s->out, "address", m->address);
	buf_printf(
	    s->out, ",\"state\":\"%s\",\"next_try\":", listing_state(m->state));
	if (m->state == GROUP_WAITING) {
		char iso[HUMAN_TEXT];

		buf_printf(s->out, "\"%s\"", human_iso(m->next_try, iso));
	} else {
		buf_add_string(s->out, "null");
	}
	buf_printf(s->out, ",\"attempts\":%" PRIu32 ",", m->attempts);
	json_text(s->out, "error", m->error);
	buf_add_string(s->out, "}");
}

static void
json(struct story *s)
{
	json_message(s);
	buf_add_string(s->out, ",\"recipients\":[");
	for (size_t i = 0; i < s->nrcpts; i++) {
		buf_add_string(s->out, i > 0 ? ",{" : "{");
		json_text(s->out, "address", s->rcpts[i]->address);
		if (s->rcpts[i]->original[0] != '\0') {
			buf_add_string(s->out, ",");
			json_text(s->out, "original", s->rcpts[i]->original);
		}
		buf_add_string(s->out, "}");
	}
	buf_add_string(s->out, "],\"events\":[");
	for (size_t i = 0; i < s->nevents; i++) {
		buf_add_string(s->out, i > 0 ? "," : "");
		json_event(s, s->events[i]);
	}
	buf_add_string(s->out, "],\"queued\":[");
	for (size_t i = 0; i < s->nqueued; i++) {
		buf_add_string(s->out, i > 0 ? "," : "");
		json_queued(s, s->queued[i]);
	}
	buf_add_string(s->out, "]}\n");
}

void
story_end(struct story *s)
{
	if (!s->open)
		return;
	s->open = false;
	if (s->nevents > 1)
		qsort(s->events, s->nevents, sizeof(*s->events), by_time);
	if (s->json)
		json(s);
	else
		table(s);
	s->told++;
	forget(&s->rcpts, &s->nrcpts);
	forget(&s->events, &s->nevents);
	forget(&s->queued, &s->nqueued);
}
