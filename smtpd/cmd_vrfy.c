/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_vrfy.c - VRFY, RFC 5321 3.5.3, 7.3: says nothing about users. */
#include "smtpd/commands.h"

void
cmd_vrfy(struct session *s, struct view argument)
{
	(void)argument;
	session_say(s, &reply_vrfy);
}
