/* SPDX-License-Identifier: ISC */
/* smtpd/session_say.c - what a session answers, and what it counts of a client
 * that errs or wastes time.
 */
#include "smtpd/limits.h"
#include "smtpd/session.h"

void
session_say(struct session *s, const struct smtp_reply *r)
{
	reply_add(s->out, r);
}

static void
count_error(struct session *s)
{
	const struct service *sv = s->service;
	bool stranger = !sv->local && !s->trusted;
	unsigned int max = sv->max_errors;

	limits_note(sv, s->counted, CENSUS_ERRORS);
	if (sv->level > 0 && stranger && s->login == NULL && max != 0)
		max = 1;
	s->errors++;
	s->pause = stranger && s->errors > sv->soft_errors;
	if (s->errors < max || max == 0 || s->phase == AT_END)
		return;
	session_say(s, &reply_errors);
	session_hang_up(s);
}

static void
report_refusal(
    struct session *s, int code, const char *status, const char *text)
{
	struct refusal r = {
		.command = s->command,
		.argument = s->argument,
		.code = code,
		.status = status,
		.text = text,
	};

	if (s->service->refused != NULL && s->command != NULL)
		s->service->refused(s, &r);
}

void
session_refuse(struct session *s, const struct smtp_reply *r)
{
	session_say(s, r);
	report_refusal(s, r->code, r->status, r->text);
	if (r->code >= 500)
		count_error(s);
}

static void
say_status(struct session *s, const struct status *st)
{
	char code[STATUS_CODE_TEXT];

	buf_printf(
	    s->out, "%d %s %s\r\n", st->smtp, status_code(st, code), st->text);
}

void
session_refuse_status(struct session *s, const struct status *st)
{
	char code[STATUS_CODE_TEXT];

	say_status(s, st);
	report_refusal(s, st->smtp, status_code(st, code), st->text);
	if (st->verdict == VERDICT_NEVER)
		count_error(s);
}

void
session_hang_up(struct session *s)
{
	session_mail_end(s);
	s->phase = AT_END;
}

bool
session_count(struct session *s, bool junk)
{
	const struct service *sv = s->service;

	s->commands++;
	s->junk += junk;
	if (s->trusted)
		return true;
	if ((sv->max_commands == 0 || s->commands <= sv->max_commands) &&
	    (sv->max_junk == 0 || s->junk <= sv->max_junk))
		return true;
	session_say(s, &reply_commands);
	session_hang_up(s);
	return false;
}
