/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_auth.c - AUTH, RFC 4954: may it be said now? */
#include "smtpd/commands.h"
#include "smtpd/session_auth.h"

void
cmd_auth(struct session *s, struct view argument)
{
	if (s->auth == AUTH_NEVER)
		session_refuse(s, &reply_disabled);
	else if (!s->esmtp)
		session_refuse(s, &reply_sequence);
	else if (s->login != NULL)
		session_refuse(s, &reply_auth_twice);
	else if (!auth_allowed(s))
		session_refuse(s, &reply_auth_clear);
	else
		auth_begin(s, argument);
}
