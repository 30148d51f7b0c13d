/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_helo.c - HELO, RFC 5321 4.1.1.1: the same without extensions. */
#include "smtpd/commands.h"

enum { HELO_MAX = 255 };

/*
 * Anything visible that is one word: real clients send host names without a
 * dot, with underscores, and addresses with and without brackets.
 */
bool
helo_valid(struct view name)
{
	if (name.len == 0 || name.len > HELO_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] > '~')
			return false;
	return true;
}

void
cmd_helo(struct session *s, struct view argument)
{
	if (!helo_valid(argument)) {
		session_refuse(s, &reply_argument);
		return;
	}
	session_helo(s, argument, false);
	buf_printf(
	    s->out, "250 %s\r\n", conf_text(s->service->conf, KEY_HOSTNAME));
}
