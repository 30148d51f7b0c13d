/* SPDX-License-Identifier: ISC */
/* queue/notice.c - what a sender is told of his recipients. */
#include "queue/notice.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/mail/notify.h"
#include "common/run/process.h"
#include "queue/admit.h"
#include "queue/events.h"
#include "queue/rcpt_log.h"

#include <stdio.h>
#include <string.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static bool
has_sender(const struct message *m)
{
	return m->sender[0] != '\0';
}

int64_t
notice_expires(const struct message *m)
{
	enum conf_key key = has_sender(m) ? KEY_EXPIRE : KEY_EXPIRE_BOUNCE;

	return m->received + (int64_t)conf_number(process_conf(), key) * 1000;
}

static void
tell(struct store_notice *n, enum dsn_action action, const struct group *g,
    const struct rcpt *r, const struct status *st, const char *host)
{
	const struct conf *conf = process_conf();
	const struct message *m = g->message;
	struct bounce_terms t = { .hostname = conf_text(conf, KEY_HOSTNAME),
		.to = m->sender,
		.now = clock_wall_ms(),
		.until = notice_expires(m),
		.whole_max = conf_number(conf, KEY_BOUNCE_SIZE) };

	if (!has_sender(m)) {
		t.to = conf_text(conf, KEY_POSTMASTER);
		t.postmaster = true;
	}
	if (n->bounce == NULL)
		n->bounce = bounce_new(m, &t);
	/* a socket is on this machine, and its path nobody else's matter */
	if (host[0] == '/')
		host = conf_text(conf, KEY_HOSTNAME);
	bounce_add(n->bounce, action, r, st, host);
}

/* Telling him of it would only make the next one that cannot be delivered. */
static bool
is_for_postmaster(const struct message *m, const struct rcpt *r)
{
	const char *postmaster = conf_text(process_conf(), KEY_POSTMASTER);
	struct mailbox he, to;

	return (m->flags & MESSAGE_TO_POSTMASTER) != 0 ||
	       (mailbox_parse(view_of(postmaster), &he, true) &&
		   mailbox_parse(view_of(r->address), &to, true) &&
		   mailbox_eq(&he, &to));
}

static void
hold(struct store_notice *n, const struct group *g, const struct rcpt *r,
    const struct status *st)
{
	const struct rcpt_new new = { r->address, r->original, r->orcpt,
		r->notify, false };
	char code[STATUS_CODE_TEXT];
	struct buf why;

	if (n->held == NULL) {
		n->held = mem_zero(1, sizeof(*n->held));
		n->held->message = g->message;
	}
	buf_init(&why, MSG_TEXT_MAX);
	buf_printf(&why, "nobody to tell; %d %s %.400s", st->smtp,
	    status_code(st, code), st->text);
	admit_hold(n->held, &new, buf_string(&why));
	buf_free(&why);
}

void
notice_failed(struct store_notice *n, const struct group *g,
    const struct rcpt *r, const struct status *st,
    const struct msg_job_done *done)
{
	const struct message *m = g->message;
	const char *host = done == NULL ? "" : done->host;

	rcpt_log("bounced", g, r, st, done);
	if (!has_sender(m)) {
		rcpt_log("double-bounce", g, r, st, done);
		if (conf_text(process_conf(), KEY_POSTMASTER)[0] == '\0' ||
		    is_for_postmaster(m, r))
			hold(n, g, r, st);
		else
			tell(n, DSN_FAILED, g, r, st, host);
	} else if (notify_wants(r->notify, NOTIFY_FAILURE)) {
		tell(n, DSN_FAILED, g, r, st, host);
	} else {
		rcpt_log("not-told", g, r, st, done);
	}
}

void
notice_passed_on(struct store_notice *n, const struct group *g,
    const struct rcpt *r, const struct status *st,
    const struct msg_job_done *done)
{
	/* who speaks LMTP keeps the mailboxes */
	bool kept = g->destination->transport == TRANSPORT_LMTP;

	if (has_sender(g->message) && done->dsn == 0 &&
	    notify_wants(r->notify, NOTIFY_SUCCESS))
		tell(n, kept ? DSN_DELIVERED : DSN_RELAYED, g, r, st,
		    done->host);
}

void
notice_expanded(struct store_notice *n, const struct group *g,
    const struct rcpt *r, const struct status *st)
{
	if (has_sender(g->message) && notify_wants(r->notify, NOTIFY_SUCCESS))
		tell(n, DSN_EXPANDED, g, r, st, "");
}

void
notice_delayed(struct store_notice *n, const struct group *g,
    const struct rcpt *r, const struct status *st)
{
	if (has_sender(g->message) && notify_wants(r->notify, NOTIFY_DELAY))
		tell(n, DSN_DELAYED, g, r, st, "");
}

/* What the login of this destination's route is proved by. */
static const char *
secret_of(const struct destination *d)
{
	const struct conf *conf = process_conf();
	const struct routing routing = conf_routing(conf);
	size_t place =
	    route_hop_login(&routing, d->transport, d->host, d->port);

	return place > 0 && conf->logins[place - 1].secret == ROUTE_TOKEN
		   ? "token"
		   : "password";
}

void
notice_login(struct store_notice *n, struct destination *d,
    const struct msg_job_done *done)
{
	const struct conf *conf = process_conf();
	bool expired = done->login == JOB_LOGIN_EXPIRED;
	char what[STATUS_TEXT + MSG_HOST_MAX], said[MSG_TEXT_MAX + 16];
	char then[STATUS_TEXT];
	const struct alert alert = { .hostname = conf_text(conf, KEY_HOSTNAME),
		.to = conf_text(conf, KEY_POSTMASTER),
		.subject = expired ? "The token for a mail server has expired"
				   : "A mail server refuses our login",
		.paragraphs = { what, said, then } };
	int64_t now = clock_wall_ms();

	if (alert.to[0] == '\0' || n->bounce != NULL ||
	    (d->told <= now && now < d->told + DAY_MS))
		return;
	d->told = now;
	n->told_login = now;
	if (expired)
		snprintf(what, sizeof(what),
		    "The token of the route to %s, port %u, is no longer good, "
		    "and no other has come.",
		    d->host, d->port);
	else
		snprintf(what, sizeof(what),
		    "The server %s, port %u, does not accept the %s of the "
		    "route to %s.",
		    done->host, d->port, secret_of(d), d->host);
	snprintf(said, sizeof(said), expired ? "Known is: %s" : "It said: %s",
	    done->text);
	snprintf(then, sizeof(then),
	    "Mail for it waits in the queue, and nothing is returned to its "
	    "senders for this. A new %s is read from its file as soon as it "
	    "is there, and what waits is sent then.",
	    secret_of(d));
	n->bounce = bounce_alert(&alert, now);
}

/* The notification is a message of ours, from the null sender. */
void
notice_finish(struct store_notice *n)
{
	struct rcpt_new to = { .notify = NOTIFY_NEVER };
	struct message *m;

	if (n->held != NULL)
		admit_begin(n->held);
	if (n->bounce == NULL)
		return;
	m = message_new();
	m->received = clock_wall_ms();
	m->class_ = CLASS_LOCAL;
	m->sender = mem_copy_string("");
	m->client = mem_copy_string("");
	m->helo = mem_copy_string("");
	m->message_id = mem_copy_string("");
	if (bounce_to_postmaster(n->bounce))
		m->flags |= MESSAGE_TO_POSTMASTER;
	n->commit = mem_zero(1, sizeof(*n->commit));
	n->commit->message = m;
	to.address = bounce_to(n->bounce);
	admit_rcpt(n->commit, &to);
	admit_begin(n->commit);
}

static void
log_notice(const struct store_notice *n, const struct message *about)
{
	log_begin("notice");
	log_id("id", n->commit->message->id);
	log_id("about", about->id);
	log_text("to", bounce_to(n->bounce));
	log_u64("failed", bounce_count(n->bounce, DSN_FAILED));
	log_u64("delayed", bounce_count(n->bounce, DSN_DELAYED));
	log_u64("relayed", bounce_count(n->bounce, DSN_RELAYED));
	log_u64("delivered", bounce_count(n->bounce, DSN_DELIVERED));
	log_u64("expanded", bounce_count(n->bounce, DSN_EXPANDED));
	log_end();
}

void
notice_stored(struct store_notice *n, const struct message *about)
{
	if (n->commit != NULL) {
		log_notice(n, about);
		events_accepted(n->commit, about->id);
		admit_stored(n->commit);
		message_release(n->commit->message);
	}
	if (n->held != NULL)
		admit_stored(n->held);
}

void
notice_void(struct store_notice *n)
{
	if (n->commit != NULL) {
		admit_failed(n->commit);
		message_release(n->commit->message);
	}
	if (n->held != NULL)
		admit_failed(n->held);
}

void
notice_discard(struct store_notice *n)
{
	struct store_op *op;

	if (n->commit != NULL) {
		op = store_op_new(STORE_DISCARD, store_op_free, NULL);
		op->u.discard = n->commit->message->id;
		store_submit(op);
	}
	notice_void(n);
}
