/* SPDX-License-Identifier: ISC */
/* queue/reader.c - postern-reader: one question in SQL at a time.
 *
 * The answer is complete in memory, and the databases are closed, before the
 * first byte of it is sent: whoever is slow to read it keeps nothing open.
 * While it is worked out this process hears nothing, which is what it is for.
 */
#include "queue/reader.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "queue/report_sql.h"

#include <event2/event.h>

static struct {
	struct event *soon;      /* the next part of the answer */
	struct channel *channel; /* NULL: nothing is to be answered */
	struct conv *conv;
	struct sql_answer answer;
} reader;

static void
forget(void)
{
	reader.channel = NULL;
	reader.conv = NULL;
	event_del(reader.soon);
	sql_answer_free(&reader.answer);
}

/* As much as the channel takes; the rest in a turn after its flush. */
static void
go_on(void)
{
	const struct timeval now = { 0, 0 };
	struct msg_sql_cell cell;
	struct msg_sql_end end;

	while (!channel_full(reader.channel)) {
		if (sql_answer_cell(&reader.answer, &cell)) {
			channel_send(reader.channel, reader.conv, &msg_sql_cell,
			    &cell, -1);
			continue;
		}
		sql_answer_end(&reader.answer, &end);
		channel_send(
		    reader.channel, reader.conv, &msg_sql_end, &end, -1);
		conv_end(reader.channel, reader.conv);
		forget();
		return;
	}
	event_add(reader.soon, &now);
}

static void
on_soon(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	/* still full: on_drained() will come */
	if (reader.channel != NULL && !channel_full(reader.channel))
		go_on();
}

static void
on_drained(struct channel *ch)
{
	if (reader.channel == ch)
		go_on();
}

static bool
on_ask_sql(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_ask_sql *m = msg;

	(void)fd;
	if (reader.channel != NULL)
		return false; /* one at a time */
	reader.channel = ch;
	reader.conv = conv;
	sql_run(m->text, &reader.answer);
	go_on();
	return true;
}

static void
on_lost(struct peer *p)
{
	(void)p;
	forget();
}

/* clang-format off */
static const struct channel_rule from_report[] = {
	{ &msg_ask_sql, on_ask_sql, CONV_NEW, CONV_A },
};
/* clang-format on */

const struct peer_def reader_report_peer = {
	.kind = PEER_REPORT,
	.rules = from_report,
	.nrules = nitems(from_report),
	.lost = on_lost,
	.drained = on_drained,
};

void
reader_start(void)
{
	sql_init();
	reader.soon = event_new(process_base(), -1, 0, on_soon, NULL);
	if (reader.soon == NULL)
		fatal("no event for an answer");
}
