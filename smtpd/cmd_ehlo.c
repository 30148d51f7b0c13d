/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_ehlo.c - EHLO, RFC 5321 4.1.1.1: who the client says it is.
 *
 * The name is noted for the trace header and believed by nobody; a wrong one
 * is no reason to refuse (4.1.4).  Begins anew: an open transaction is gone.
 */
#include "smtpd/commands.h"
#include "smtpd/extensions.h"

void
cmd_ehlo(struct session *s, struct view argument)
{
	if (!helo_valid(argument)) {
		session_refuse(s, &reply_argument);
		return;
	}
	session_helo(s, argument, true);
	buf_printf(
	    s->out, "250-%s\r\n", conf_text(s->service->conf, KEY_HOSTNAME));
	extensions_offer(s, s->out);
	buf_add_string(s->out, "250 HELP\r\n");
}
