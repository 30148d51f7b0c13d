/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_starttls.c - STARTTLS, RFC 3207.
 *
 * Only notes that it was said: whether something stands behind it, and so the
 * answer, is session.c's to see.
 */
#include "smtpd/commands.h"

void
cmd_starttls(struct session *s, struct view argument)
{
	(void)argument;
	if (s->tls != NULL)
		session_refuse(s, &reply_tls_twice);
	else if (!s->tls_offered)
		session_refuse(s, &reply_disabled);
	else if (!s->service->tls_up)
		session_refuse(s, &reply_tls_away);
	else
		s->phase = AT_STARTTLS;
}
