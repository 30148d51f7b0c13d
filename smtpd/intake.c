/* SPDX-License-Identifier: ISC */
/* smtpd/intake.c - what passes between us and queue.
 *
 * A message is queue's from the moment that its commit was sent whole; until
 * then its loss is answered by 451.  Nothing here waits: what finds no room
 * on the channel stays in its place of the roster.
 */
#include "smtpd/intake.h"

#include "common/base/alloc.h"
#include "common/ipc/msg_intake.h"
#include "smtpd/client_body.h"
#include "smtpd/worker.h"

#include <string.h>
#include <unistd.h>

static struct worker *
worker_of(struct channel *ch)
{
	const struct peer *p = channel_owner(ch);

	return p->data;
}

static void
abandon(struct worker *w, const struct body_file *f)
{
	const struct msg_abandon m = { .instance = f->instance, .id = f->id };

	close(f->fd);
	if (w->queue != NULL)
		channel_send(w->queue, NULL, &msg_abandon, &m, -1);
}

static bool
on_stock(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_stock *m = msg;
	struct worker *w = worker_of(ch);
	struct body_file f = { .fd = fd, .instance = m->instance, .id = m->id };

	(void)conv;
	if (!stock_put(&w->stock, &f))
		abandon(w, &f);
	return true;
}

/* What queue says to a client, if it makes sense. */
static bool
status_make(struct status *st, uint16_t smtp, uint16_t subject, uint16_t detail,
    const char *text)
{
	if (subject > 999 || detail > 999)
		return false;
	if (smtp >= 200 && smtp <= 299)
		status_done(st, smtp, subject, detail, "%s", text);
	else if (smtp >= 400 && smtp <= 499)
		status_later(st, smtp, subject, detail, "%s", text);
	else if (smtp >= 500 && smtp <= 599)
		status_never(st, smtp, subject, detail, "%s", text);
	else
		return false;
	return true;
}

static bool
on_intake_state(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_intake_state *m = msg;
	struct worker *w = worker_of(ch);
	struct status *st = &w->service.intake;

	(void)conv;
	(void)fd;
	if (m->level > LADDER_TOP)
		return false;
	w->overload.of_queue = m->level;
	overload_judge(w);
	if (m->smtp == 0)
		status_done(st, 250, 0, 0, "open");
	else if (m->smtp < 400 ||
		 !status_make(st, m->smtp, m->subject, m->detail, m->text))
		return false;
	return true;
}

/* The client that an answer is for, or NULL when it has left. */
static struct client *
conv_client(struct conv *conv)
{
	struct client *c = conv->object;

	if (c != NULL)
		c->conv = NULL;
	return c;
}

static bool
on_committed(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_committed *m = msg;
	struct client *c = conv->object;
	struct status st;

	(void)ch;
	(void)fd;
	if (!status_make(&st, m->smtp, m->subject, m->detail, m->text))
		return false;
	if (c != NULL && c->place != PLACE_ANSWER)
		return false; /* an answer before the whole question */
	c = conv_client(conv);
	if (c != NULL)
		client_answered(c, &st);
	return true;
}

static bool
on_fate_is(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_fate_is *m = msg;
	struct client *c = conv_client(conv);
	struct status st;

	(void)ch;
	(void)fd;
	if (c == NULL)
		return true;
	if (m->stored != 0) {
		status_done(&st, 250, 0, 0, "stored");
		client_answered(c, &st);
	} else {
		client_refused(c, &reply_queue);
	}
	return true;
}

static void
send_wish(struct worker *w, bool calm)
{
	struct msg_stock_want m;

	if (w->queue != NULL &&
	    stock_wish(&w->stock, w->files_out, calm, &m.count))
		channel_send(w->queue, NULL, &msg_stock_want, &m, -1);
}

static void
fail_open_bodies(struct worker *w)
{
	struct client *c, *next;

	TAILQ_FOREACH_SAFE (c, &w->roster.places[PLACE_TALK], neighbours, next)
		if (c->file.fd != -1)
			client_body_lost(c);
}

/*
 * What queue had not acknowledged: unsent commits are lost with their files;
 * of sent ones only the next queue can tell.
 */
void
intake_lost(struct worker *w)
{
	struct client *c;

	w->queue = NULL;
	stock_drop(&w->stock);
	status_done(&w->service.intake, 250, 0, 0, "open");
	w->overload.of_queue = 0;
	TAILQ_FOREACH (c, &w->roster.places[PLACE_FATE], neighbours)
		c->conv = NULL;
	while ((c = roster_first(&w->roster, PLACE_ANSWER)) != NULL) {
		c->conv = NULL;
		roster_move(&w->roster, c, PLACE_FATE);
	}
	while ((c = roster_first(&w->roster, PLACE_OUTBOX)) != NULL) {
		c->conv = NULL;
		client_refused(c, &reply_queue);
	}
	fail_open_bodies(w);
}

static void
file_gone(struct client *c)
{
	c->file.fd = -1;
	c->worker->files_out--;
}

bool
intake_take_file(struct client *c)
{
	if (!stock_pick(&c->worker->stock, &c->file))
		return false;
	c->worker->files_out++;
	return true;
}

void
intake_drop_file(struct client *c)
{
	struct worker *w = c->worker;

	if (c->file.fd == -1)
		return;
	if (w->queue == NULL)
		close(c->file.fd); /* the file of a queue that is no more */
	else if (!stock_give_back(&w->stock, &c->file))
		abandon(w, &c->file);
	file_gone(c);
}

void
intake_forget(struct client *c)
{
	if (c->conv != NULL)
		c->conv->object = NULL;
	c->conv = NULL;
	intake_drop_file(c);
}

static uint32_t
envelope_flags(const struct session *s)
{
	const struct mail *mail = s->mail;
	bool utf8_header = mail->utf8 && mail->body.header.has_8bit;

	return (mail->eight_bit ? ENVELOPE_8BIT : 0U) |
	       (mail->body.in.has_8bit ? ENVELOPE_HAS_8BIT : 0U) |
	       (s->esmtp ? ENVELOPE_ESMTP : 0U) |
	       (mail->utf8 ? ENVELOPE_UTF8 : 0U) |
	       (utf8_header ? ENVELOPE_UTF8_HEADER : 0U);
}

static void
commit_fill(const struct client *c, struct msg_commit *m)
{
	const struct session *s = &c->session;
	const struct mail *mail = s->mail;

	memset(m, 0, sizeof(*m));
	m->instance = c->file.instance;
	m->id = c->file.id;
	m->nrcpts = mail->nrcpts;
	m->flags = envelope_flags(s);
	m->uid = s->uid;
	m->ret = mail->ret;
	memcpy(m->envid, mail->envid, sizeof(m->envid));
	m->null_sender = mail->null_sender;
	m->client_family = s->client.ip.family;
	memcpy(m->client, s->client.ip.bytes, sizeof(m->client));
	if (s->login != NULL)
		view_copy(view_of(s->login), m->login, sizeof(m->login));
	mailbox_print(&mail->sender, m->sender);
	view_copy(view_of(s->helo), m->helo, sizeof(m->helo));
	view_copy(view_of(mail->body.header.message_id), m->message_id,
	    sizeof(m->message_id));
}

static void
commit_open(struct client *c)
{
	struct msg_commit m;

	commit_fill(c, &m);
	c->rcpts_sent = 0;
	c->conv =
	    channel_open(c->worker->queue, &msg_commit, &m, -1, CONV_A, c);
	close(c->file.fd); /* queue has its own; nothing may be added now */
	file_gone(c);
}

/* False: the channel is full, the rest goes later. */
static bool
commit_send_rcpts(struct client *c)
{
	struct view all = buf_view(&c->session.mail->rcpts);
	struct view rest = view_skip(all, c->rcpts_sent);
	struct rcpt_entry r;
	struct msg_commit_rcpt m;

	while (rest.len > 0) {
		if (channel_full(c->worker->queue))
			return false;
		(void)rcpt_next(&rest, &r);
		view_copy(r.address, m.address, sizeof(m.address));
		view_copy(r.orcpt, m.orcpt, sizeof(m.orcpt));
		m.notify = r.notify;
		channel_send(
		    c->worker->queue, c->conv, &msg_commit_rcpt, &m, -1);
		c->rcpts_sent = all.len - rest.len;
	}
	return true;
}

static void
send_commits(struct worker *w)
{
	struct client *c;

	while ((c = roster_first(&w->roster, PLACE_OUTBOX)) != NULL) {
		if (channel_full(w->queue))
			return;
		if (c->conv == NULL && !channel_may_open(w->queue, &msg_commit))
			return;
		if (c->conv == NULL)
			commit_open(c);
		if (!commit_send_rcpts(c))
			return;
		roster_move(&w->roster, c, PLACE_ANSWER);
	}
}

static void
ask_fates(struct worker *w)
{
	struct client *c;

	TAILQ_FOREACH (c, &w->roster.places[PLACE_FATE], neighbours) {
		const struct msg_fate m = { .instance = c->file.instance,
			.id = c->file.id };

		if (c->conv != NULL)
			continue;
		if (!channel_may_open(w->queue, &msg_fate))
			return;
		c->conv = channel_open(w->queue, &msg_fate, &m, -1, CONV_B, c);
	}
}

/*
 * A new queue holds everything back until it was asked about every message
 * whose fate is open, and takes our wish for files as the end of that.  They
 * are no more than were committed, so the credit covers them all.
 */
void
intake_attached(struct worker *w, struct channel *queue)
{
	w->queue = queue;
	ask_fates(w);
	send_wish(w, false);
}

static void
hand_out_files(struct worker *w)
{
	struct client *c;

	while (w->stock.n > 0 &&
	       (c = roster_first(&w->roster, PLACE_FILE)) != NULL) {
		if (intake_take_file(c))
			client_file_came(c);
	}
}

void
intake_turn(struct worker *w)
{
	hand_out_files(w);
	if (w->queue == NULL)
		return;
	ask_fates(w);
	send_commits(w);
	send_wish(w, false);
}

void
intake_second(struct worker *w)
{
	send_wish(w, true);
}

/* clang-format off */
const struct channel_rule intake_rules[] = {
	/* message		handler			in		then */
	{ &msg_stock,		on_stock,		CONV_NONE,	0 },
	{ &msg_intake_state,	on_intake_state,	CONV_NONE,	0 },
	{ &msg_committed,	on_committed,		CONV_A,		CONV_END },
	{ &msg_fate_is,		on_fate_is,		CONV_B,		CONV_END },
};
/* clang-format on */

_Static_assert(nitems(intake_rules) == INTAKE_RULES, "count of rules");
