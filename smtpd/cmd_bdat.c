/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_bdat.c - BDAT, RFC 3030: a piece of the message follows.
 *
 * Whatever we think of it, its bytes come next and are no commands; so a size
 * that cannot be read ends the session.
 */
#include "smtpd/commands.h"

enum { DIGITS_MAX = 20 };

static bool
parse(struct view argument, uint64_t *size, bool *last)
{
	struct view number = view_word(&argument);

	argument = view_trim(argument);
	*last = view_is_nocase(argument, "LAST");
	return number.len <= DIGITS_MAX && view_u64(number, size) &&
	       (*last || argument.len == 0);
}

void
cmd_bdat(struct session *s, struct view argument)
{
	uint64_t size;
	bool last;

	if (parse(argument, &size, &last)) {
		session_chunk(s, size, last);
		return;
	}
	session_refuse(s, &reply_bad_chunk);
	session_hang_up(s);
}
