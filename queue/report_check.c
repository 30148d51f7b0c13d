/* SPDX-License-Identifier: ISC */
/* queue/report_check.c - postern check: queue is asked piece by piece.
 *
 * The next piece is asked for when the tool has room for what it finds.  The
 * integrity of queue.db is looked at here, table by table, since that would
 * keep queue from its work.
 */
#include "queue/report_check.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "queue/report_integrity.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sysexits.h>

struct check {
	struct check_out out;
	bool full;            /* the integrity too */
	bool forgotten;       /* nobody waits for it */
	size_t table;         /* of the integrity, the next one */
	struct conv *conv;    /* the piece under way, NULL none */
	struct event *soon;   /* the next step, in another turn */
	struct msg_check ask; /* the next piece */
	struct msg_checked sum;
};

static void
check_free(struct check *c)
{
	event_free(c->soon);
	mem_free(c);
}

static void
finish(struct check *c, int code, const char *text)
{
	c->sum.code = (uint16_t)code;
	(void)view_copy(view_of(text), c->sum.text, sizeof(c->sum.text));
	if (!c->forgotten)
		c->out.end(c->out.arg, &c->sum);
	check_free(c);
}

static void
ask_piece(struct check *c)
{
	struct peer *queue = process_peer(PEER_QUEUE, 0);

	if (queue == NULL || queue->channel == NULL)
		finish(
		    c, EX_TEMPFAIL, "postern-queue is not running: try again");
	else if (!channel_may_open(queue->channel, &msg_check))
		finish(c, EX_TEMPFAIL, "another check is under way");
	else
		c->conv = channel_open(
		    queue->channel, &msg_check, &c->ask, -1, CONV_B, c);
}

static void
on_soon(evutil_socket_t fd, short what, void *arg)
{
	struct check *c = arg;
	struct msg_finding f;
	bool more;

	(void)fd;
	(void)what;
	if (c->out.full(c->out.arg))
		return; /* check_go_on() will come */
	if (c->ask.phase != 0 || c->table == 0) {
		c->table = 1;
		ask_piece(c);
		return;
	}
	/* queue has said all; table 1 is the first */
	more = integrity_table(c->table - 1, &f);
	if (f.kind != 0)
		c->out.finding(c->out.arg, &f);
	c->table++;
	if (more)
		check_go_on(c);
	else
		finish(c, EX_OK, "");
}

void
check_go_on(struct check *c)
{
	const struct timeval now = { 0, 0 };

	if (c->conv == NULL)
		event_add(c->soon, &now);
}

struct check *
check_start(bool full, const struct check_out *out)
{
	struct check *c = mem_zero(1, sizeof(*c));

	c->out = *out;
	c->full = full;
	c->soon = event_new(process_base(), -1, 0, on_soon, c);
	if (c->soon == NULL)
		fatal("no event for a check");
	arc4random_buf(&c->ask.run, sizeof(c->ask.run));
	c->ask.run |= 1;
	check_go_on(c);
	return c;
}

void
check_forget(struct check *c)
{
	c->forgotten = true;
	if (c->conv == NULL)
		check_free(c);
}

bool
check_on_finding(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct check *c = conv->object;

	(void)ch;
	(void)fd;
	if (!c->forgotten)
		c->out.finding(c->out.arg, msg);
	return true;
}

bool
check_on_end(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_check_end *m = msg;
	struct check *c = conv->object;

	(void)ch;
	(void)fd;
	c->conv = NULL;
	c->sum.rows += m->rows;
	c->sum.files += m->files;
	c->ask.phase = m->phase;
	c->ask.message = m->message;
	c->ask.group = m->group;
	c->ask.rcpt = m->rcpt;
	if (m->code != 0 || c->forgotten || (m->phase == 0 && !c->full))
		finish(c, m->code, m->text);
	else
		check_go_on(c);
	return true;
}

void
check_on_lost(struct conv *conv)
{
	struct check *c = conv->object;

	c->conv = NULL;
	finish(c, EX_TEMPFAIL,
	    "postern-queue went away before it answered: try again");
}
