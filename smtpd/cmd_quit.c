/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_quit.c - QUIT, RFC 5321 4.1.1.10. */
#include "smtpd/commands.h"

void
cmd_quit(struct session *s, struct view argument)
{
	(void)argument;
	session_say(s, &reply_bye);
	session_hang_up(s);
}
