/* SPDX-License-Identifier: ISC */
/* smtpd/session_auth.c - how a client logs in, RFC 4954.
 *
 * Must not say, log or keep what a client sends as its password.
 */
#include "smtpd/session_auth.h"

#include "common/base/alloc.h"

#include <string.h>

bool
auth_allowed(const struct session *s)
{
	switch (s->auth) {
	case AUTH_NEVER:
		break;
	case AUTH_TLS:
		return s->tls != NULL;
	case AUTH_CLEAR:
		return true;
	}
	return false;
}

void
auth_forget(struct session *s)
{
	if (s->sasl == NULL)
		return;
	sasl_wipe(s->sasl);
	mem_free(s->sasl);
	s->sasl = NULL;
}

static void
over(struct session *s, const struct smtp_reply *why)
{
	auth_forget(s);
	s->phase = AT_READY;
	session_refuse(s, why);
}

/* RFC 4954 4: a server that has had enough says so and closes. */
static void
failed(struct session *s, const struct smtp_reply *why)
{
	over(s, why);
	if (++s->tries < AUTH_TRIES || s->phase == AT_END)
		return;
	session_say(s, &reply_auth_tries);
	session_hang_up(s);
}

static void
step(struct session *s, struct view line)
{
	switch (sasl_take(s->sasl, line)) {
	case SASL_MORE:
		buf_printf(s->out, "334 %s\r\n", sasl_prompt(s->sasl));
		s->phase = AT_AUTH;
		break;
	case SASL_WHOLE:
		s->phase = AT_AUTHING;
		break;
	case SASL_BROKEN:
		over(s, &reply_auth_syntax);
		break;
	case SASL_HOPELESS:
		failed(s, &reply_auth_failed);
		break;
	}
}

void
auth_begin(struct session *s, struct view argument)
{
	size_t end = view_find(argument, ' ');
	struct view mechanism = view_make(argument.data, end);
	struct view initial = view_skip(argument, end);

	s->sasl = mem_alloc(sizeof(*s->sasl));
	if (!sasl_begin(s->sasl, mechanism)) {
		over(s, &reply_auth_mechanism);
		return;
	}
	s->secret = true;
	if (initial.len == 0) {
		buf_printf(s->out, "334 %s\r\n", sasl_prompt(s->sasl));
		s->phase = AT_AUTH;
		return;
	}
	initial = view_skip(initial, 1);
	/* RFC 4954 4: "=" is a response of no bytes */
	step(s, view_is(initial, "=") ? view_of("") : initial);
}

void
auth_line(struct session *s, struct view line)
{
	s->secret = true;
	if (view_is(line, "*"))
		over(s, &reply_auth_cancelled);
	else
		step(s, line);
}

void
auth_spoiled(struct session *s, bool too_long)
{
	s->secret = true;
	over(s, too_long ? &reply_auth_long : &reply_auth_syntax);
}

static void
succeeded(struct session *s)
{
	s->login = mem_copy_string(s->sasl->name);
	s->client.login = s->login;
	s->trusted = accept_trusts(
	    s->service->conf->accepts, s->service->conf->naccepts, &s->client);
	auth_forget(s);
	s->phase = AT_READY;
	session_say(s, &reply_auth_done);
}

void
session_authed(struct session *s, enum auth_verdict verdict, struct buf *out)
{
	s->out = out;
	s->command = "AUTH";
	s->argument = view_of("");
	switch (verdict) {
	case AUTH_YES:
		succeeded(s);
		break;
	case AUTH_NO:
		failed(s, &reply_auth_failed);
		break;
	case AUTH_BARRED:
		failed(s, &reply_auth_barred);
		break;
	case AUTH_BUSY:
	case AUTH_AWAY:
		over(s, &reply_auth_away);
		break;
	}
	s->command = NULL;
}
