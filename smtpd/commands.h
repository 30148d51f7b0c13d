/* SPDX-License-Identifier: ISC */
/* smtpd/commands.h - the table of SMTP commands, and the one judge of order.
 *
 * A command's function gets its argument without blanks at either end, after
 * phase and presence of the argument were judged, and says one reply.
 */
#ifndef SMTPD_COMMANDS_H
#define SMTPD_COMMANDS_H

#include "smtpd/session.h"

enum argument { ARG_NONE, ARG_MAY, ARG_MUST };

struct command {
	const char *verb;
	void (*run)(struct session *, struct view argument);
	unsigned int phases; /* AT_* */
	enum argument argument;
	bool junk;   /* brings no message nearer: few are enough */
	bool secret; /* nobody may read its argument */
};

void command_run(struct session *, struct view line);
/* The argument of EHLO or HELO is one visible word of bearable length. */
bool helo_valid(struct view);

void cmd_auth(struct session *, struct view);
void cmd_bdat(struct session *, struct view);
void cmd_data(struct session *, struct view);
void cmd_ehlo(struct session *, struct view);
void cmd_expn(struct session *, struct view);
void cmd_helo(struct session *, struct view);
void cmd_help(struct session *, struct view);
void cmd_mail(struct session *, struct view);
void cmd_noop(struct session *, struct view);
void cmd_quit(struct session *, struct view);
void cmd_rcpt(struct session *, struct view);
void cmd_rset(struct session *, struct view);
void cmd_starttls(struct session *, struct view);
void cmd_vrfy(struct session *, struct view);

#endif
