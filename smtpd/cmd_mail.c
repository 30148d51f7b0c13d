/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_mail.c - MAIL, RFC 5321 4.1.1.2: a transaction begins.
 *
 * "<>" is always welcome: it is how failures are told (4.5.5).
 */
#include "smtpd/commands.h"
#include "smtpd/extensions.h"
#include "smtpd/limits.h"
#include "smtpd/pending.h"

static const struct smtp_reply *
mail_parse(struct session *s, struct view argument)
{
	const struct smtp_reply *wrong;
	struct view rest, path;

	if (!view_starts_nocase(argument, "FROM:"))
		return &reply_argument;
	/* a blank after the colon is wrong, frequent and harmless */
	path = rest = view_trim(view_skip(argument, 5));
	if (!path_parse_reverse(
		&rest, &s->mail->sender, &s->mail->null_sender, true))
		return &reply_bad_sender;
	path.len -= rest.len;
	wrong = extensions_mail(s, rest);
	if (wrong == NULL && !s->mail->utf8 && !view_is_ascii(path))
		return &reply_utf8;
	return wrong;
}

void
cmd_mail(struct session *s, struct view argument)
{
	const struct smtp_reply *wrong;

	if (s->mails >= s->service->max_mails) {
		session_say(s, &reply_mails);
		session_hang_up(s);
		return;
	}
	/* RFC 6409 4.3; a machine that the rules name need not log in */
	if (s->auth != AUTH_NEVER && s->login == NULL && !s->trusted) {
		session_refuse(s, &reply_auth_needed);
		return;
	}
	if (s->service->intake.verdict != VERDICT_DONE) {
		session_refuse_status(s, &s->service->intake);
		return;
	}
	if (s->service->no_memory) {
		session_refuse(s, &reply_memory);
		return;
	}
	wrong = limits_message(s->service, s->trusted ? 0 : s->counted);
	if (wrong != NULL) {
		session_refuse(s, wrong);
		return;
	}
	session_mail_begin(s);
	wrong = mail_parse(s, argument);
	if (wrong == NULL && pending_wants_sender(s)) {
		pending_add_sender(s);
		return;
	}
	if (wrong == NULL) {
		session_say(s, &reply_sender);
		return;
	}
	session_mail_end(s);
	session_refuse(s, wrong);
}
