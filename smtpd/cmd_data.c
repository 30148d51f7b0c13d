/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_data.c - DATA, RFC 5321 4.1.1.4: the message follows.
 *
 * The answer is 354 once the body has a file to go to, see session_opened().
 */
#include "smtpd/commands.h"

void
cmd_data(struct session *s, struct view argument)
{
	(void)argument;
	s->phase = AT_OPENING;
}
