/* SPDX-License-Identifier: ISC */
/* deliver/client.c - the SMTP and LMTP client as a state machine; up to where
 * mail may be sent client_hello.c.
 *
 * Must never take anything but a 2yz that answers the final dot for success
 * (by LMTP: of that recipient), and never bounce for what a connection, not a
 * server, did.
 */
#include "deliver/client_int.h"

#include "common/base/fatal.h"
#include "deliver/command.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN = 80 }; /* bytes of nonsense that a status shows */

struct state_row {
	const char *awaits;
	unsigned int patience; /* seconds */
	enum job_stage stage;  /* of a failure in this state */
};

/* clang-format off */
static const struct state_row states[] = {
	[CLIENT_GREETING] = { "the greeting", 300, STAGE_CONNECT },
	[CLIENT_EHLO] = { "the reply to EHLO", 300, STAGE_CONNECT },
	[CLIENT_HELO] = { "the reply to HELO", 300, STAGE_CONNECT },
	[CLIENT_STARTTLS] = { "the reply to STARTTLS", 300, STAGE_CONNECT },
	[CLIENT_HANDSHAKE] = { "the TLS handshake", 120, STAGE_CONNECT },
	[CLIENT_AUTH] = { "the reply to AUTH", 300, STAGE_CONNECT },
	[CLIENT_IDLE] = { "the next message", 5, STAGE_CONNECT },
	[CLIENT_MAIL] = { "the reply to MAIL", 300, STAGE_CONNECT },
	[CLIENT_RCPT] = { "the reply to RCPT", 300, STAGE_MAIL },
	[CLIENT_DATA] = { "the reply to DATA", 120, STAGE_MAIL },
	[CLIENT_BODY] = { "the end of the body", 180, STAGE_DATA },
	[CLIENT_DOT] = { "the reply to the final dot", 600, STAGE_DOT },
	[CLIENT_ENDED] = { "nothing", 5, STAGE_CONNECT },
};
/* clang-format on */

void
client_begin(struct client *c, const char *name, enum route_tls tls)
{
	memset(c, 0, sizeof(*c));
	c->state = CLIENT_GREETING;
	c->name = name;
	c->tls = tls;
	reply_begin(&c->reply);
	greeting_begin(&c->greeting);
}

void
client_lmtp(struct client *c)
{
	c->lmtp = true;
}

void
client_login(struct client *c, const struct credential *credential,
    const char *host, uint16_t port)
{
	c->login.credential = credential;
	c->login.host = host;
	c->login.port = port;
}

void
client_time(struct client *c, int64_t now)
{
	c->now = now;
}

/* What is waited for, by its name. */
static const char *
awaits(const struct client *c)
{
	if (c->lmtp && c->state == CLIENT_EHLO)
		return "the reply to LHLO";
	return states[c->state].awaits;
}

unsigned int
client_patience(const struct client *c)
{
	return states[c->state].patience;
}

/* Behind a final dot that nobody has answered the message may have been taken
 * (RFC 1047): this is how log and history count such ends. */
static const char *
doubt(const struct client *c)
{
	return c->state == CLIENT_DOT ? "possible duplicate: " : "";
}

/* The session ends; its transaction, if any, has its status. */
enum client_next
client_fail(struct client *c)
{
	if (c->t != NULL)
		c->t->stage = states[c->state].stage;
	c->state = CLIENT_ENDED;
	c->t = NULL;
	return NEXT_FAILED;
}

/* Those that were not asked for, as the server takes no more at a time, do
 * not share the end of the others. */
static void
set_apart(struct client *c, bool fit)
{
	struct transaction *t = c->t;

	for (size_t i = 0; i < c->nasked; i++)
		if (t->rcpts[i].settled == NULL)
			transaction_settle(&t->rcpts[i], &t->status);
	status_later(&t->status, 452, 5, 3,
	    "the server takes %llu recipients at a time",
	    (unsigned long long)c->greeting.rcpt_max);
	t->more = fit && c->accepted > 0;
}

/* The transaction ends; fit: the session is ready for another. */
enum client_next
client_over(struct client *c, enum job_stage stage, bool fit)
{
	/* RFC 9422 3.1: one more would only be refused */
	if (c->greeting.mail_max > 0 && c->mails >= c->greeting.mail_max)
		fit = false;
	if (c->nasked < c->t->nrcpts)
		set_apart(c, fit);
	c->t->stage = stage;
	c->t = NULL;
	c->fit = fit;
	c->state = fit ? CLIENT_IDLE : CLIENT_ENDED;
	return NEXT_OVER;
}

void
client_lost(struct client *c, const char *why)
{
	if (c->t != NULL)
		status_later(&c->t->status, 451, 4, 2, "%s%s, waiting for %s",
		    doubt(c), why, awaits(c));
	client_fail(c);
}

void
client_unreachable(struct client *c, const char *why)
{
	if (c->t != NULL)
		status_later(&c->t->status, 451, 4, 1, "%s", why);
	client_fail(c);
}

static enum client_next
nonsense(struct client *c, struct view line)
{
	int len = (int)(line.len < SHOWN ? line.len : SHOWN);

	if (c->state == CLIENT_AUTH)
		len = 0; /* it might repeat a piece of what was said */
	if (c->t != NULL)
		status_later(&c->t->status, 451, 5, 0,
		    "%snot an SMTP reply, waiting for %s: %.*s", doubt(c),
		    awaits(c), len, line.data);
	return client_fail(c);
}

/* 421, or a reply of a kind that ends the session for every message. */
enum client_next
client_turned_away(struct client *c)
{
	const struct reply *r = &c->reply;

	if (c->t == NULL)
		return client_fail(c);
	status_from_reply(&c->t->status, r);
	/* RFC 7504: no mail service here, ever.  Any other refusal of the
	 * session may be a matter of this hour or this host: later. */
	if (c->t->status.verdict == VERDICT_NEVER && r->code != 521)
		status_later(&c->t->status, 451,
		    r->subject < 0 ? 0 : r->subject,
		    r->subject < 0 ? 0 : r->detail, "session refused: %d %s",
		    r->code, r->text);
	if (c->t->status.verdict == VERDICT_DONE)
		status_later(&c->t->status, 451, 5, 0, "unexpected reply %d %s",
		    r->code, r->text);
	return client_fail(c);
}

/* Too large by what the server said: RFC 1870 6.1 spares it the attempt. */
static enum client_next
too_large(struct client *c)
{
	status_never(&c->t->status, 552, 3, 4,
	    "the message has %llu bytes, the server takes %llu",
	    (unsigned long long)c->t->size,
	    (unsigned long long)c->greeting.size_max);
	return client_over(c, STAGE_MAIL, true);
}

/* Behind as many as the server takes in one transaction. */
static size_t
last_asked(const struct client *c)
{
	const struct transaction *t = c->t;
	size_t i = transaction_next(t, 0);

	for (uint64_t n = 0; i < t->nrcpts; i = transaction_next(t, i + 1))
		if (n++ == c->greeting.rcpt_max && c->greeting.rcpt_max > 0)
			return i;
	return t->nrcpts;
}

enum client_next
client_begin_transaction(struct client *c, struct buf *out)
{
	struct transaction *t = c->t;

	c->rcpt = c->accepted = c->replies = 0;
	c->fit = t->more = false;
	c->nasked = t->nrcpts;
	c->ready = true;
	t->dsn = (c->greeting.offers & OFFER_DSN) != 0;
	for (size_t i = 0; i < t->nrcpts; i++)
		t->rcpts[i].accepted = false;
	if (c->greeting.size_max > 0 && t->size > c->greeting.size_max)
		return too_large(c);
	if ((c->greeting.offers & OFFER_SMTPUTF8) == 0 &&
	    !transaction_fits_ascii(t))
		return client_over(c, STAGE_MAIL, true);
	c->nasked = last_asked(c);
	c->state = CLIENT_MAIL;
	c->mails++;
	command_mail(t, c->greeting.offers, out);
	if ((c->greeting.offers & OFFER_PIPELINING) == 0)
		return NEXT_WAIT;
	for (size_t i = transaction_next(t, 0); i < c->nasked;
	     i = transaction_next(t, i + 1))
		command_rcpt(&t->rcpts[i], c->greeting.offers, out);
	command_data(out);
	return NEXT_WAIT;
}

enum client_next
client_take(struct client *c, struct transaction *t, struct buf *out)
{
	if (c->t != NULL)
		panic("two transactions at a time");
	c->t = t;
	if (c->state != CLIENT_IDLE)
		return NEXT_WAIT; /* for the greeting */
	return client_begin_transaction(c, out);
}

static enum client_next
heard_mail(struct client *c, struct buf *out)
{
	bool pipelining = (c->greeting.offers & OFFER_PIPELINING) != 0;

	status_from_reply(&c->t->status, &c->reply);
	if (!reply_ok(&c->reply))
		return client_over(
		    c, STAGE_MAIL, !pipelining && c->reply.code / 100 != 3);
	c->state = CLIENT_RCPT;
	c->rcpt = transaction_next(c->t, 0);
	if (!pipelining)
		command_rcpt(&c->t->rcpts[c->rcpt], c->greeting.offers, out);
	return NEXT_WAIT;
}

static void
judge_rcpt(struct client *c)
{
	struct recipient *r = &c->t->rcpts[c->rcpt];
	struct status st;

	if (reply_ok(&c->reply)) {
		r->accepted = true;
		c->accepted++;
		return;
	}
	status_from_reply(&st, &c->reply);
	/* "too many recipients" in the old spelling, RFC 5321 4.5.3.1.10;
	 * a store that says 5.2.2 means the mailbox */
	if (st.smtp == 552 && !(c->lmtp && st.subject == 2))
		status_later(&st, 452, 5, 3, "%s", c->reply.text);
	transaction_settle(r, &st);
}

static enum client_next
heard_rcpt(struct client *c, struct buf *out)
{
	bool pipelining = (c->greeting.offers & OFFER_PIPELINING) != 0;

	judge_rcpt(c);
	c->rcpt = transaction_next(c->t, c->rcpt + 1);
	if (c->rcpt < c->nasked) {
		if (!pipelining)
			command_rcpt(
			    &c->t->rcpts[c->rcpt], c->greeting.offers, out);
		return NEXT_WAIT;
	}
	if (!pipelining && c->accepted == 0)
		return client_over(c, STAGE_MAIL, false);
	c->state = CLIENT_DATA;
	if (!pipelining)
		command_data(out);
	return NEXT_WAIT;
}

static enum client_next
heard_data(struct client *c, struct buf *out)
{
	if (c->reply.code / 100 == 3 && c->accepted > 0) {
		c->state = CLIENT_BODY;
		return NEXT_BODY;
	}
	/* RFC 2920 3.1: DATA was pipelined and taken although nobody was;
	 * an empty body gets out of it, and its reply means nothing */
	if (c->reply.code / 100 == 3)
		buf_add_string(out, ".\r\n");
	if (c->accepted == 0)
		return client_over(c, STAGE_MAIL, false);
	/* 2yz is no answer to DATA: the sides have lost each other */
	status_from_reply(&c->t->status, &c->reply);
	if (reply_ok(&c->reply))
		return client_turned_away(c);
	return client_over(c, STAGE_MAIL, false);
}

/* RFC 5321 3.3: nothing is to be said before the end of the data. */
static enum client_next
heard_too_soon(struct client *c)
{
	status_later(&c->t->status, 451, 5, 0,
	    "before the end of the body: %d %s", c->reply.code, c->reply.text);
	return client_fail(c);
}

/* RFC 2033 4.2: a reply for each that was accepted, in the order of RCPT. */
static enum client_next
heard_one_of_dot(struct client *c, bool fit)
{
	struct transaction *t = c->t;

	transaction_settle(&t->rcpts[c->rcpt], &t->status);
	c->unfit = c->unfit || !fit;
	c->rcpt = transaction_next_accepted(t, c->rcpt + 1);
	return c->rcpt < t->nrcpts ? NEXT_WAIT
				   : client_over(c, STAGE_DOT, !c->unfit);
}

static enum client_next
heard_dot(struct client *c)
{
	bool fit = c->reply.code != 421 && c->reply.code / 100 != 3;

	status_from_reply(&c->t->status, &c->reply);
	if (c->reply.code / 100 < 2 || c->reply.code / 100 == 3)
		status_later(&c->t->status, 451, 5, 0,
		    "%sunexpected reply %d %s", doubt(c), c->reply.code,
		    c->reply.text);
	/* the answer to a QUIT, and no other (RFC 5321 4.2.3) */
	if (c->reply.code == 221) {
		status_later(&c->t->status, 451, 5, 0,
		    "%s221 is no answer to the final dot: %s", doubt(c),
		    c->reply.text);
		fit = false;
	}
	return c->lmtp ? heard_one_of_dot(c, fit)
		       : client_over(c, STAGE_DOT, fit);
}

static enum client_next
heard(struct client *c, struct buf *out)
{
	c->replies++;
	if (c->reply.code == 421 && c->state != CLIENT_DOT &&
	    c->state != CLIENT_AUTH)
		return client_turned_away(c);
	switch (c->state) {
	case CLIENT_GREETING:
		return client_heard_greeting(c, out);
	case CLIENT_EHLO:
		return client_heard_ehlo(c, out);
	case CLIENT_HELO:
		return client_heard_helo(c, out);
	case CLIENT_STARTTLS:
		return client_heard_starttls(c, out);
	case CLIENT_AUTH:
		return client_heard_auth(c, out);
	case CLIENT_MAIL:
		return heard_mail(c, out);
	case CLIENT_RCPT:
		return heard_rcpt(c, out);
	case CLIENT_DATA:
		return heard_data(c, out);
	case CLIENT_BODY:
		return heard_too_soon(c);
	case CLIENT_DOT:
		return heard_dot(c);
	case CLIENT_IDLE:
	case CLIENT_HANDSHAKE:
	case CLIENT_ENDED:
		return client_fail(c);
	}
	panic("client in state %d", (int)c->state);
}

enum client_next
client_line(struct client *c, struct view line, struct buf *out)
{
	enum client_next next;

	if (c->state == CLIENT_EHLO)
		greeting_line(&c->greeting, line);
	switch (reply_line(&c->reply, line)) {
	case REPLY_MORE:
		return NEXT_WAIT;
	case REPLY_BAD:
		return nonsense(c, line);
	case REPLY_DONE:
		break;
	}
	next = heard(c, out);
	reply_begin(&c->reply);
	return next;
}

void
client_dot(struct client *c)
{
	if (c->state != CLIENT_BODY)
		panic("a dot in state %d", (int)c->state);
	c->state = CLIENT_DOT;
	c->rcpt = transaction_next_accepted(c->t, 0);
	c->unfit = false;
}
