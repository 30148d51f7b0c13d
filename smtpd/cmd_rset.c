/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_rset.c - RSET, RFC 5321 4.1.1.5: the transaction is forgotten. */
#include "smtpd/commands.h"

void
cmd_rset(struct session *s, struct view argument)
{
	(void)argument;
	session_mail_end(s);
	session_say(s, &reply_ok);
}
