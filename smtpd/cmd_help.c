/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_help.c - HELP, RFC 5321 4.1.1.8. */
#include "smtpd/commands.h"

void
cmd_help(struct session *s, struct view argument)
{
	(void)argument;
	session_say(s, &reply_help);
}
