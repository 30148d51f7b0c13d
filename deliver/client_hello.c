/* SPDX-License-Identifier: ISC */
/* deliver/client_hello.c - the client from the greeting to where mail may be
 * sent: EHLO, STARTTLS, AUTH.
 *
 * Must never say in clear text what is to be said by TLS alone, and never show
 * a password or a token.
 */
#include "deliver/client_int.h"

#include "deliver/command.h"

#include <stdio.h>

static void
say_hello(struct client *c, struct buf *out)
{
	c->state = CLIENT_EHLO;
	command_hello(c->lmtp ? "LHLO" : "EHLO", c->name, out);
}

enum client_next
client_heard_greeting(struct client *c, struct buf *out)
{
	if (!reply_ok(&c->reply))
		return client_turned_away(c);
	c->welcome = true;
	say_hello(c, out);
	return NEXT_WAIT;
}

/* May what we have to say be said without TLS?  If not, the session is over. */
static bool
may_be_clear(struct client *c, const char *why)
{
	if (c->tls < ROUTE_TLS_REQUIRED)
		return true;
	c->ready = true;
	client_tls_failed(c, why);
	return false;
}

/* What a server says, unless it repeats our secret. */
static const char *
fit_to_show(const struct client *c, const char *text)
{
	if (!login_shows(&c->login, view_of(text)))
		return text;
	return c->login.credential->kind == CREDENTIAL_TOKEN
		   ? "(its text repeats the token)"
		   : "(its text repeats the password)";
}

/* RFC 4954 6: a refusal is a matter of ours and the server's: no message is
 * to blame, so later. */
static enum client_next
login_refused(struct client *c)
{
	const struct reply *r = &c->reply;
	bool secret = login_shows(&c->login, view_of(c->login.why));
	const char *why = secret ? "" : c->login.why;

	if (c->t == NULL)
		return client_fail(c);
	c->ready = r->code / 100 == 5;
	if (c->ready)
		c->t->login = JOB_LOGIN_REFUSED;
	status_later(&c->t->status, 451, 7, 8,
	    "the server refuses our login: %d %.200s%s%s%s", r->code,
	    r->code == 334 ? "" : fit_to_show(c, r->text),
	    why[0] != '\0' ? " (" : "", why, why[0] != '\0' ? ")" : "");
	return client_fail(c);
}

/* Nothing of a token that has ended is said. */
static bool
too_late(struct client *c)
{
	struct status st;

	if (!credential_expired(c->login.credential, c->now, &st))
		return false;
	c->ready = true;
	if (c->t != NULL) {
		c->t->login = JOB_LOGIN_EXPIRED;
		c->t->status = st;
	}
	client_fail(c);
	return true;
}

static enum client_next
no_login(struct client *c, int detail, const char *why)
{
	if (c->t != NULL)
		status_later(
		    &c->t->status, 451, 7, detail, "no login: %s", why);
	return client_fail(c);
}

/* It would take mail now, or our login: that was the question. */
static enum client_next
heard_enough(struct client *c)
{
	status_done(&c->t->status, 250, 0, 0, "%s",
	    c->login.credential == NULL ? "ready for mail"
					: "ready for our login");
	return client_over(c, STAGE_MAIL, false);
}

static enum client_next
enter(struct client *c, struct buf *out)
{
	const struct credential *credential = c->login.credential;

	if (c->t != NULL && c->t->heard != NULL)
		return heard_enough(c);
	if (credential == NULL || c->login.done) {
		c->state = CLIENT_IDLE;
		return c->t == NULL ? NEXT_WAIT
				    : client_begin_transaction(c, out);
	}
	if (!c->secured && !credential->cleartext)
		return no_login(c, 5, "not without TLS");
	if (too_late(c))
		return NEXT_FAILED;
	if (!login_begin(&c->login, c->greeting.offers, out))
		return no_login(c, 4,
		    credential->kind == CREDENTIAL_TOKEN
			? "the server offers neither AUTH OAUTHBEARER nor "
			  "XOAUTH2"
			: "the server offers neither AUTH PLAIN nor LOGIN");
	c->state = CLIENT_AUTH;
	return NEXT_WAIT;
}

enum client_next
client_heard_auth(struct client *c, struct buf *out)
{
	/* it goes on only to say the token, or to hear what is wrong with it */
	if (c->reply.code == 334 && too_late(c))
		return NEXT_FAILED;
	switch (login_heard(&c->login, &c->reply, out)) {
	case LOGIN_MORE:
		return NEXT_WAIT;
	case LOGIN_DONE:
		return enter(c, out);
	case LOGIN_REFUSED:
		break;
	}
	return login_refused(c);
}

static enum client_next
ready(struct client *c, struct buf *out)
{
	if (!c->secured && c->tls != ROUTE_TLS_NONE &&
	    (c->greeting.offers & OFFER_STARTTLS) != 0) {
		c->state = CLIENT_STARTTLS;
		buf_add_string(out, "STARTTLS\r\n");
		return NEXT_WAIT;
	}
	if (!c->secured && !may_be_clear(c, "the server does not offer it"))
		return NEXT_FAILED;
	return enter(c, out);
}

enum client_next
client_heard_ehlo(struct client *c, struct buf *out)
{
	if (reply_ok(&c->reply))
		return ready(c, out);
	/* RFC 2033 4.1: LMTP knows no HELO, and what refuses LHLO is not it */
	if (c->lmtp || c->reply.code / 100 != 5 || c->reply.code == 521)
		return client_turned_away(c);
	greeting_begin(&c->greeting);
	c->state = CLIENT_HELO;
	command_hello("HELO", c->name, out);
	return NEXT_WAIT;
}

enum client_next
client_heard_helo(struct client *c, struct buf *out)
{
	return reply_ok(&c->reply) ? ready(c, out) : client_turned_away(c);
}

/* A server that says no after its offer may be spoken to in clear text, if
 * that is enough for us: nothing was tried yet that could have failed. */
enum client_next
client_heard_starttls(struct client *c, struct buf *out)
{
	char why[STATUS_TEXT];

	if (c->reply.code == 220) {
		c->state = CLIENT_HANDSHAKE;
		return NEXT_TLS;
	}
	snprintf(why, sizeof(why),
	    "the server answered STARTTLS with %d %.300s", c->reply.code,
	    c->reply.text);
	if (!may_be_clear(c, why))
		return NEXT_FAILED;
	if (c->reply.code / 100 < 4)
		return client_turned_away(c);
	return enter(c, out);
}

void
client_tls_done(struct client *c, struct buf *out)
{
	c->secured = true;
	greeting_begin(&c->greeting);
	reply_begin(&c->reply);
	if (c->state == CLIENT_HANDSHAKE)
		say_hello(c, out);
}

void
client_tls_failed(struct client *c, const char *why)
{
	if (c->t != NULL)
		status_later(&c->t->status, 451, 7, 5, "no TLS: %s", why);
	client_fail(c);
}
