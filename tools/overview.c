/* SPDX-License-Identifier: ISC */
/* tools/overview.c - the queue by destination, as a table or JSON lines. */
#include "tools/overview.h"

#include "tools/human.h"

#include <inttypes.h>
#include <stdio.h>

static const int64_t YEAR_9999_MS = 253402300799999;

enum { ERROR_INDENT = 4, COLUMNS_FIXED = 8 + 1 + 6 + 1 + 9 + 2 };

/* When its clock lets something be tried, in the words of the table. */
static const char *
next_words(
    const struct overview *o, const struct msg_summary *m, char out[HUMAN_TEXT])
{
	if (m->destination[0] == '\0')
		return "held";
	if (m->suspended > o->now)
		return "suspended";
	if (m->not_before <= o->now)
		return "open";
	return human_age(m->not_before - o->now, out);
}

static void
table_row(struct overview *o, const struct msg_summary *m)
{
	char age[HUMAN_TEXT], next[HUMAN_TEXT];
	const char *why = m->suspended > o->now && m->reason[0] != '\0'
			      ? m->reason
			      : m->error;

	if (o->places == 0)
		buf_printf(o->out, "%8s %6s %9s  %s\n", "MESSAGES", "OLDEST",
		    "NEXT", "DESTINATION");
	buf_printf(o->out, "%8" PRIu64 " %6s %9s  ", m->messages,
	    human_age(o->now - m->oldest, age), next_words(o, m, next));
	human_text(o->out,
	    view_of(
		m->destination[0] == '\0' ? "no place to go" : m->destination),
	    o->width > COLUMNS_FIXED ? o->width - COLUMNS_FIXED : 0, o->utf8);
	buf_add_string(o->out, "\n");
	if (why[0] == '\0')
		return;
	buf_printf(o->out, "%*s", ERROR_INDENT, "");
	human_text(o->out, view_of(why),
	    o->width > ERROR_INDENT ? o->width - ERROR_INDENT : 0, o->utf8);
	buf_add_string(o->out, "\n");
}

static void
json_time(struct overview *o, const char *key, int64_t ms)
{
	char iso[HUMAN_TEXT];

	if (ms <= 0)
		buf_printf(o->out, ",\"%s\":null", key);
	else if (ms > YEAR_9999_MS)
		buf_printf(o->out, ",\"%s\":\"forever\"", key);
	else
		buf_printf(o->out, ",\"%s\":\"%s\"", key, human_iso(ms, iso));
}

static void
json_text(struct overview *o, const char *key, const char *text)
{
	buf_printf(o->out, ",\"%s\":", key);
	human_json(o->out, view_of(text));
}

static void
json_row(struct overview *o, const struct msg_summary *m)
{
	buf_printf(o->out, "{\"messages\":%" PRIu64, m->messages);
	json_text(o, "destination", m->destination);
	json_time(o, "oldest", m->oldest);
	json_time(o, "not_before", m->not_before);
	buf_printf(o->out, ",\"failures\":%" PRIu32, m->failures);
	json_time(o, "suspended", m->suspended);
	json_text(o, "reason", m->reason);
	json_text(o, "error", m->error);
	buf_add_string(o->out, "}\n");
}

void
overview_row(struct overview *o, const struct msg_summary *m)
{
	if (o->json)
		json_row(o, m);
	else
		table_row(o, m);
	o->places++;
}

void
overview_end(struct overview *o)
{
	if (o->json)
		return;
	if (o->places == 0)
		buf_add_string(o->out, "The queue is empty.\n");
	else
		buf_printf(o->out, "%" PRIu64 " destination%s\n", o->places,
		    o->places == 1 ? "" : "s");
}
