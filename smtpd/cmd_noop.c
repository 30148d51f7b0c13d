/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_noop.c - NOOP, RFC 5321 4.1.1.9. */
#include "smtpd/commands.h"

void
cmd_noop(struct session *s, struct view argument)
{
	(void)argument;
	session_say(s, &reply_ok);
}
