/* SPDX-License-Identifier: ISC */
/* queue/report_reader.c - questions in SQL go to a postern-reader.
 *
 * What a reader says is passed on as it comes; while the tool has no room,
 * that reader is not heard.
 */
#include "queue/report_reader.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"

#include <event2/event.h>
#include <string.h>
#include <sysexits.h>

/* A reader cuts its work after 5 s; what cannot be cut is short. */
enum { SILENCE_MS = 15 * 1000 };

/* The question that a reader works on: its peer's data. */
struct sql {
	struct sql_out out;
	struct peer *reader;
	struct event *soon; /* is there room by now? */
	bool forgotten;
	bool waits;       /* for room; the reader is not heard */
	int64_t heard_at; /* monotonic, ms */
};

static void
sql_free(struct sql *s)
{
	s->reader->data = NULL;
	event_free(s->soon);
	mem_free(s);
}

static void
end_with(struct sql *s, const struct msg_sql_end *m)
{
	if (!s->forgotten)
		s->out.end(s->out.arg, m);
	sql_free(s);
}

static void
later(struct msg_sql_end *m, const char *text)
{
	memset(m, 0, sizeof(*m));
	m->code = EX_TEMPFAIL;
	(void)view_copy(view_of(text), m->text, sizeof(m->text));
}

static void
hear(struct sql *s, bool hear)
{
	s->waits = !hear;
	s->heard_at = clock_mono_ms();
	if (s->reader->channel != NULL)
		channel_pause(s->reader->channel, !hear);
}

/* Full by what one turn gathered is no more than a flush away. */
static void
on_soon(evutil_socket_t fd, short what, void *arg)
{
	struct sql *s = arg;

	(void)fd;
	(void)what;
	if (s->waits && (s->forgotten || !s->out.full(s->out.arg)))
		hear(s, true);
}

void
sql_go_on(struct sql *s)
{
	if (s->waits)
		hear(s, true);
}

void
sql_forget(struct sql *s)
{
	s->forgotten = true;
	sql_go_on(s);
}

struct sql *
sql_start(const struct msg_ask_sql *m, const struct sql_out *out,
    struct msg_sql_end *end)
{
	struct peer *p;
	bool some = false;
	struct sql *s;

	for (size_t i = 0; (p = process_peer(PEER_READER, i)) != NULL; i++) {
		some = some || p->channel != NULL;
		if (p->channel != NULL && p->data == NULL &&
		    channel_may_open(p->channel, &msg_ask_sql))
			break;
	}
	if (p == NULL) {
		later(end, some ? "other questions are being answered: try "
				  "again"
				: "postern-reader is not running: try again");
		return NULL;
	}
	s = mem_zero(1, sizeof(*s));
	s->out = *out;
	s->reader = p;
	s->heard_at = clock_mono_ms();
	s->soon = event_new(process_base(), -1, 0, on_soon, s);
	if (s->soon == NULL)
		fatal("no event for a question");
	p->data = s;
	channel_open(p->channel, &msg_ask_sql, m, -1, CONV_A, s);
	return s;
}

static bool
on_cell(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct timeval now = { 0, 0 };
	struct sql *s = conv->object;

	(void)ch;
	(void)fd;
	s->heard_at = clock_mono_ms();
	if (s->forgotten)
		return true;
	s->out.cell(s->out.arg, msg);
	if (!s->waits && s->out.full(s->out.arg)) {
		hear(s, false);
		event_add(s->soon, &now);
	}
	return true;
}

static bool
on_end(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct sql *s = conv->object;

	(void)ch;
	(void)fd;
	hear(s, true);
	end_with(s, msg);
	return true;
}

static void
on_conv_lost(struct channel *ch, struct conv *conv)
{
	struct msg_sql_end m;

	(void)ch;
	later(&m, "postern-reader went away before it answered: try again");
	end_with(conv->object, &m);
}

/* Also when we gave it up ourselves, of which no conversation is told. */
static void
on_lost(struct peer *p)
{
	struct msg_sql_end m;

	if (p->data == NULL)
		return;
	later(&m, "postern-reader did not answer: try again");
	end_with(p->data, &m);
}

void
sql_expire(int64_t now)
{
	struct peer *p;

	for (size_t i = 0; (p = process_peer(PEER_READER, i)) != NULL; i++) {
		struct sql *s = p->data;

		if (s != NULL && !s->waits && now - s->heard_at > SILENCE_MS)
			process_accuse(p, "no answer to a question");
	}
}

/* clang-format off */
static const struct channel_rule from_reader[] = {
	/* message		handler		in		then */
	{ &msg_sql_cell,	on_cell,	CONV_A,		0 },
	{ &msg_sql_end,		on_end,		CONV_A,		CONV_END },
};
/* clang-format on */

const struct peer_def report_reader_peer = {
	.kind = PEER_READER,
	.rules = from_reader,
	.nrules = nitems(from_reader),
	.conv_lost = on_conv_lost,
	.lost = on_lost,
};
