/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_expn.c - EXPN, RFC 5321 3.5.2: lists are nobody's business. */
#include "smtpd/commands.h"

void
cmd_expn(struct session *s, struct view argument)
{
	(void)argument;
	session_refuse(s, &reply_disabled);
}
