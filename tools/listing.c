/* SPDX-License-Identifier: ISC */
/* tools/listing.c - rows of the queue as a table, as JSON lines, in full.
 *
 * No I/O.  Every text that came from outside passes human_text() or
 * human_json().
 */
#include "tools/listing.h"

#include "common/base/alloc.h"
#include "common/base/id.h"
#include "tools/human.h"
#include "tools/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	COLUMN_ID = 8,
	COLUMN_AGE = 4,
	COLUMN_SIZE = 5,
	COLUMN_NEXT = 5,
	/* what stands before the sender, blanks included */
	COLUMNS_FIXED =
	    COLUMN_ID + 1 + COLUMN_AGE + 1 + COLUMN_SIZE + 1 + COLUMN_NEXT + 2,
	SENDER_MIN = 10,
	SENDER_PLAIN = 30, /* without a terminal; longer ones shift the line */
	ERROR_INDENT = 4
};

static const char *const state_names[] = {
	[0] = "unknown",
	[GROUP_UNEXPANDED] = "unexpanded",
	[GROUP_FRESH] = "fresh",
	[GROUP_WAITING] = "waiting",
	[GROUP_HELD] = "held",
};

const char *
listing_state(uint8_t state)
{
	return state_names[state < nitems(state_names) ? state : 0];
}

static void
blanks(struct listing *l, size_t n)
{
	static const char many[] = "                                ";

	for (; n > sizeof(many) - 1; n -= sizeof(many) - 1)
		buf_add(l->out, view_make(many, sizeof(many) - 1));
	buf_add(l->out, view_make(many, n));
}

/* ASCII, by its right or left end; printf() would take half of the time that
 * a long list takes. */
static void
add_cell(struct listing *l, const char *text, size_t columns, bool right)
{
	size_t len = strlen(text), fill = len < columns ? columns - len : 0;

	blanks(l, right ? fill : 0);
	buf_add(l->out, view_make(text, len));
	blanks(l, (right ? 0 : fill) + 1);
}

static void
add_padded(struct listing *l, const char *text, size_t columns)
{
	struct view v = view_of(text[0] == '\0' ? "<>" : text);
	size_t limit = l->width == 0 ? 0 : columns;
	size_t used = human_text(l->out, v, limit, l->utf8);

	blanks(l, used < columns ? columns - used : 0);
}

static size_t
sender_columns(const struct listing *l)
{
	size_t left;

	if (l->width == 0)
		return SENDER_PLAIN;
	left = l->width > COLUMNS_FIXED ? l->width - COLUMNS_FIXED : 0;
	return left / 2 > SENDER_MIN ? left / 2 : SENDER_MIN;
}

/* When the message is tried next, in the words of the table. */
static const char *
next_words(const struct listing *l, char out[HUMAN_TEXT])
{
	if (l->nrcpts > 0 && l->nheld == l->nrcpts)
		return "held";
	if (l->fresh || l->next == 0)
		return "now";
	if (l->next <= l->now)
		return "due";
	return human_age(l->next - l->now, out);
}

static void
table_header(struct listing *l)
{
	buf_printf(l->out, "%-*s %*s %*s %*s  %-*s %s\n", COLUMN_ID, "ID",
	    COLUMN_AGE, "AGE", COLUMN_SIZE, "SIZE", COLUMN_NEXT, "NEXT",
	    (int)sender_columns(l), "SENDER", "RECIPIENTS");
}

/* The first recipient, and how many more. */
static void
table_rcpts(struct listing *l, size_t used)
{
	size_t room = l->width > used ? l->width - used : 1;
	char more[HUMAN_TEXT] = "";
	size_t len;

	if (l->nrcpts > 1)
		snprintf(more, sizeof(more), " +%zu more", l->nrcpts - 1);
	len = strlen(more);
	room = room > len ? room - len : 1;
	human_text(l->out, view_of(l->rcpt.address), l->width == 0 ? 0 : room,
	    l->utf8);
	buf_add_string(l->out, more);
	buf_add(l->out, view_make("\n", 1));
}

static void
table_message(struct listing *l)
{
	char id[ID_TEXT], age[HUMAN_TEXT], size[HUMAN_TEXT], next[HUMAN_TEXT];
	size_t sender = sender_columns(l);

	add_cell(l, id_print(l->row.id, id), COLUMN_ID, false);
	add_cell(l, human_age(l->now - l->row.received, age), COLUMN_AGE, true);
	add_cell(l, human_size(l->row.size, size), COLUMN_SIZE, true);
	add_cell(l, next_words(l, next), COLUMN_NEXT, true);
	blanks(l, 1);
	add_padded(l, l->row.sender, sender);
	buf_add(l->out, view_make(" ", 1));
	table_rcpts(l, COLUMNS_FIXED + sender + 1);
	if (l->error[0] == '\0')
		return;
	blanks(l, ERROR_INDENT);
	human_text(l->out, view_of(l->error),
	    l->width > ERROR_INDENT ? l->width - ERROR_INDENT : 0, l->utf8);
	buf_add(l->out, view_make("\n", 1));
}

static void
json_message(struct listing *l)
{
	buf_add_string(l->out, "{");
	json_head(l->out, &l->row);
	buf_add_string(l->out, ",\"recipients\":[");
}

static void
json_rcpt(struct listing *l, const struct msg_row_rcpt *m)
{
	buf_add_string(l->out, l->nrcpts > 1 ? ",{" : "{");
	json_text(l->out, "address", m->address);
	if (m->original[0] != '\0') {
		buf_add_string(l->out, ",");
		json_text(l->out, "original", m->original);
	}
	buf_printf(l->out, ",\"state\":\"%s\",", listing_state(m->state));
	json_time(
	    l->out, "next_try", m->state == GROUP_WAITING ? m->next_try : 0);
	buf_printf(l->out, ",\"attempts\":%" PRIu32 ",", m->attempts);
	json_text(l->out, "error", m->error);
	buf_add_string(l->out, ",");
	json_text(l->out, "destination", m->destination);
	buf_add_string(l->out, "}");
}

static void
full_line(struct listing *l, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	buf_printf(l->out, "%-14s", name);
	human_text(l->out, view_of(text), 0, l->utf8);
	buf_add(l->out, view_make("\n", 1));
}

static void
full_message(struct listing *l)
{
	const struct msg_row *m = &l->row;
	char text[HUMAN_TEXT], age[HUMAN_TEXT], client[IP_TEXT];
	char id[ID_TEXT];

	human_client(m->client_family, m->client, client);
	buf_printf(l->out, "%-14s%s\n", "message", id_print(m->id, id));
	buf_printf(l->out, "%-14s%s (%s ago)\n", "received",
	    human_iso(m->received, text), human_age(l->now - m->received, age));
	buf_printf(l->out, "%-14s%s\n", "size", human_bytes(m->size, text));
	full_line(l, "sender", m->sender[0] == '\0' ? "<>" : m->sender);
	full_line(l, "client", client);
	full_line(l, "helo", m->helo);
	full_line(l, "login", m->login);
	if (m->uid != UINT32_MAX)
		buf_printf(l->out, "%-14s%" PRIu32 "\n", "uid", m->uid);
	full_line(l, "message-id", m->message_id);
}

/* "waiting, next try in 5m", "held". */
static void
full_state(struct listing *l, const struct msg_row_rcpt *m)
{
	char next[HUMAN_TEXT];

	buf_printf(l->out, "  %-12s%s", "state", listing_state(m->state));
	if (m->state == GROUP_WAITING && m->next_try > l->now)
		buf_printf(l->out, ", next try in %s",
		    human_age(m->next_try - l->now, next));
	else if (m->state == GROUP_WAITING)
		buf_add_string(l->out, ", due");
	if (m->attempts > 0)
		buf_printf(l->out, ", tried %" PRIu32 " time%s", m->attempts,
		    m->attempts == 1 ? "" : "s");
	buf_add_string(l->out, "\n");
}

static void
full_rcpt(struct listing *l, const struct msg_row_rcpt *m)
{
	full_line(l, "recipient", m->address);
	full_line(l, "  original", m->original);
	full_state(l, m);
	full_line(l, "  next hop", m->destination);
	full_line(l, "  last error", m->error);
}

void
listing_row(struct listing *l, const struct msg_row *m)
{
	listing_piece(l);
	if (l->messages == 0 && l->form == LISTING_TABLE)
		table_header(l);
	l->open = true;
	l->row = *m;
	l->nrcpts = l->nheld = 0;
	l->fresh = false;
	l->next = 0;
	l->rcpt.address[0] = '\0';
	l->error[0] = '\0';
	l->messages++;
	l->bytes += m->size;
	if (l->form == LISTING_JSON)
		json_message(l);
	else if (l->form == LISTING_FULL)
		full_message(l);
}

/* What the table says of a message is made of all of its recipients. */
static void
gather(struct listing *l, const struct msg_row_rcpt *m)
{
	if (l->nrcpts == 1)
		memcpy(l->rcpt.address, m->address, sizeof(m->address));
	if (l->error[0] == '\0')
		memcpy(l->error, m->error, sizeof(m->error));
	if (m->state == GROUP_HELD)
		l->nheld++;
	else if (m->state != GROUP_WAITING)
		l->fresh = true;
	else if (l->next == 0 || m->next_try < l->next)
		l->next = m->next_try > 0 ? m->next_try : 1;
}

void
listing_rcpt(struct listing *l, const struct msg_row_rcpt *m)
{
	l->nrcpts++;
	switch (l->form) {
	case LISTING_TABLE:
		gather(l, m);
		break;
	case LISTING_JSON:
		json_rcpt(l, m);
		break;
	case LISTING_FULL:
		full_rcpt(l, m);
		break;
	}
}

void
listing_piece(struct listing *l)
{
	if (!l->open)
		return;
	l->open = false;
	switch (l->form) {
	case LISTING_TABLE:
		table_message(l);
		break;
	case LISTING_JSON:
		buf_add_string(l->out, "]}\n");
		break;
	case LISTING_FULL:
		break;
	}
}

void
listing_end(struct listing *l)
{
	char bytes[HUMAN_TEXT];

	listing_piece(l);
	if (l->form != LISTING_TABLE)
		return;
	if (l->messages == 0)
		buf_add_string(l->out, l->filtered ? "No message matches.\n"
						   : "The queue is empty.\n");
	else
		buf_printf(l->out, "%" PRIu64 " message%s, %s\n", l->messages,
		    l->messages == 1 ? "" : "s", human_bytes(l->bytes, bytes));
}
