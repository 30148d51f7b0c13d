/* SPDX-License-Identifier: ISC */
/* smtpd/session.c - one client's SMTP session: phases, replies, input.
 *
 * Must not know sockets, clocks or channels.  What a command means stands in
 * its cmd_*.c, what may come when in commands.c.
 */
#include "smtpd/session.h"

#include "common/base/alloc.h"
#include "smtpd/commands.h"
#include "smtpd/pending.h"
#include "smtpd/session_auth.h"
#include "smtpd/session_message.h"

#include <string.h>

enum { TLS_HELLO = 0x16 }; /* the first byte of a TLS record */

void
session_begin(struct session *s, const struct service *service,
    const struct accept_client *client)
{
	memset(s, 0, sizeof(*s));
	s->service = service;
	s->phase = AT_START;
	s->client = *client;
	s->trusted = accept_trusts(
	    service->conf->accepts, service->conf->naccepts, client);
}

void
session_end(struct session *s)
{
	session_mail_end(s);
	auth_forget(s);
	mem_free(s->login);
	mem_free(s->helo);
	mem_free(s->name);
	mem_free(s->tls);
	s->client.login = s->login = s->helo = s->name = NULL;
	s->tls = NULL;
	s->phase = AT_END;
}

void
session_secured(struct session *s, const struct tls_facts *facts)
{
	const struct session old = *s;
	struct accept_client client = old.client;

	s->name = NULL; /* not from the client: it stays */
	session_end(s);
	client.tls = true;
	client.login = NULL;
	session_begin(s, old.service, &client);
	s->name = old.name;
	s->uid = old.uid;
	s->counted = old.counted;
	s->auth = old.auth;
	s->tries = old.tries;
	/* what we know of the client, not what it said */
	s->errors = old.errors;
	s->mails = old.mails;
	s->commands = old.commands;
	s->junk = old.junk;
	s->tls = mem_alloc(sizeof(*s->tls));
	*s->tls = *facts;
}

void
session_named(struct session *s, const char *name)
{
	mem_free(s->name);
	s->name = mem_copy_string(name);
}

void
session_greet(struct session *s, struct buf *out)
{
	buf_printf(out, "220 %s ESMTP postern\r\n",
	    conf_text(s->service->conf, KEY_HOSTNAME));
}

/* RFC 5321 4.3.1: a client waits for the greeting. */
void
session_early(struct session *s, struct buf *out)
{
	s->out = out;
	s->command = "CONNECT";
	s->argument = view_of("");
	session_refuse(s, &reply_early);
	session_hang_up(s);
}

void
session_helo(struct session *s, struct view name, bool esmtp)
{
	session_mail_end(s);
	mem_free(s->helo);
	s->helo = mem_alloc(name.len + 1);
	view_copy(name, s->helo, name.len + 1);
	s->esmtp = esmtp;
	s->phase = AT_READY;
}

void
session_mail_begin(struct session *s)
{
	s->mail = mem_zero(1, sizeof(*s->mail));
	buf_init(
	    &s->mail->rcpts, conf_number(s->service->conf, KEY_RECIPIENTS) *
				 (ADDRESS_MAX + ORCPT_MAX + 3));
	buf_init(&s->mail->body.out, 0);
	s->phase = AT_MAIL;
}

void
session_add_rcpt(struct session *s, const struct mailbox *rcpt)
{
	struct mail *m = s->mail;
	char text[ADDRESS_MAX + 1];

	if (m->nrcpts++ == 0)
		m->first = *rcpt;
	mailbox_print(rcpt, text);
	buf_add(&m->rcpts, view_make(text, strlen(text) + 1));
	buf_add(&m->rcpts, view_make(m->orcpt, strlen(m->orcpt) + 1));
	buf_add(&m->rcpts, view_make((const char *)&m->notify, 1));
}

bool
rcpt_next(struct view *rest, struct rcpt_entry *r)
{
	if (rest->len == 0)
		return false;
	r->address = view_make(rest->data, view_find(*rest, '\0'));
	*rest = view_skip(*rest, r->address.len + 1);
	r->orcpt = view_make(rest->data, view_find(*rest, '\0'));
	*rest = view_skip(*rest, r->orcpt.len + 1);
	r->notify = (uint8_t)rest->data[0];
	*rest = view_skip(*rest, 1);
	return true;
}

void
session_mail_end(struct session *s)
{
	if (s->mail == NULL)
		return;
	s->drop = s->phase == AT_CHUNKS;
	body_free(&s->mail->body);
	buf_free(&s->mail->rcpts);
	pending_free(s->mail->pending);
	mem_free(s->mail);
	s->mail = NULL;
	s->phase = AT_READY;
}

/*
 * A line that we cannot read, with bytes behind it that are no commands: to go
 * on would be to obey the text of a message.
 */
static void
refuse_line(struct session *s, const struct smtp_reply *why, bool of_chunk)
{
	session_refuse(s, why);
	if (of_chunk)
		session_hang_up(s);
}

/* RFC 4954 4: tickets of other mechanisms are long, and so is our patience. */
static size_t
line_max(const struct session *s, struct view in)
{
	bool long_ = s->phase == AT_AUTH || view_starts_nocase(in, "AUTH ");

	return long_ ? SASL_LINE_MAX : COMMAND_MAX;
}

/* What answers "334".  False: it is not whole yet. */
static bool
feed_auth(struct session *s, struct view *in)
{
	enum line kind;
	struct view line;

	s->command = "AUTH";
	s->argument = view_of("");
	kind = lines_next(&s->lines, in, line_max(s, *in), &line);
	switch (kind) {
	case LINE_PART:
		s->command = NULL;
		return false;
	case LINE_WHOLE:
		auth_line(s, line);
		break;
	case LINE_BARE:
	case LINE_NUL:
	case LINE_LONG:
		auth_spoiled(s, kind == LINE_LONG);
		break;
	}
	s->command = NULL;
	return true;
}

/* One command line.  False: it is not whole yet. */
static bool
feed_command(struct session *s, struct view *in)
{
	struct view line;
	bool of_chunk;

	if (!lines_skip(&s->lines, in))
		return false;
	if (in->len > 0 && in->data[0] == TLS_HELLO) {
		session_hang_up(s); /* it could not read our reply */
		return true;
	}
	of_chunk = view_starts_nocase(*in, "BDAT");
	switch (lines_next(&s->lines, in, line_max(s, *in), &line)) {
	case LINE_PART:
		return false;
	case LINE_WHOLE:
		command_run(s, line);
		break;
	case LINE_BARE:
		refuse_line(s, &reply_line_end, of_chunk);
		break;
	case LINE_NUL:
		refuse_line(s, &reply_line_nul, of_chunk);
		break;
	case LINE_LONG:
		refuse_line(s, &reply_line_long, of_chunk);
		break;
	}
	s->command = NULL;
	return true;
}

/*
 * Bytes behind STARTTLS were not sent by the one who will speak inside TLS
 * (CVE-2011-0411): no reading of them could be right.
 */
static enum want
start_tls(struct session *s, struct view *in)
{
	if (s->phase == AT_SECURING && in->len == 0)
		return WANT_TLS; /* once more: our answer is only now written */
	s->command = "STARTTLS";
	s->argument = view_of("");
	if (in->len > 0) {
		session_refuse(s, &reply_tls_early);
		session_hang_up(s);
	} else {
		session_say(s, &reply_tls_go);
		s->phase = AT_SECURING;
	}
	s->command = NULL;
	return s->phase == AT_END ? WANT_CLOSE : WANT_TLS;
}

enum want
session_feed(struct session *s, struct view *in, struct buf *out)
{
	enum want want;

	s->out = out;
	for (;;) {
		if (out->len >= SESSION_OUT)
			return WANT_WRITE;
		if (s->drop) {
			s->drop = false;
			return WANT_DROP;
		}
		if (s->pause && s->phase != AT_END) {
			s->pause = false;
			return WANT_PAUSE;
		}
		switch (s->phase) {
		case AT_START:
		case AT_READY:
		case AT_MAIL:
		case AT_RCPT:
		case AT_ANY:
		case AT_CHUNKS:
		case AT_COMMAND:
			if (pending_any(s) && !pending_takes(s, *in))
				return WANT_LOOKUP;
			if (!feed_command(s, in))
				return WANT_INPUT;
			break;
		case AT_AUTH:
			if (!feed_auth(s, in))
				return WANT_INPUT;
			break;
		case AT_AUTHING:
			return WANT_AUTH;
		case AT_OPENING:
			return WANT_FILE;
		case AT_BODY:
			return message_body(s, in);
		case AT_CHUNK:
			if (message_chunk(s, in, &want))
				return want;
			break;
		case AT_SKIP:
			if (!message_skip(s, in))
				return WANT_INPUT;
			break;
		case AT_COMMIT:
			return WANT_COMMIT;
		case AT_STARTTLS:
		case AT_SECURING:
			return start_tls(s, in);
		case AT_END:
			return WANT_CLOSE;
		}
	}
}

bool
session_in_body(const struct session *s)
{
	return s->phase == AT_BODY || s->phase == AT_CHUNK ||
	       s->phase == AT_SKIP;
}

bool
session_between(const struct session *s)
{
	return ((unsigned int)s->phase & (AT_ANY | AT_AUTH)) != 0;
}

void
session_close(struct session *s, const struct smtp_reply *r, struct buf *out)
{
	s->out = out;
	session_say(s, r);
	session_hang_up(s);
}
