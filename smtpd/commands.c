/* SPDX-License-Identifier: ISC */
/* smtpd/commands.c - the table of SMTP commands, and the one judge of order.
 *
 * RFC 5321 4.1.4 for the order, 4.1.1 for the arguments.
 */
#include "smtpd/commands.h"

#include "common/base/alloc.h"

/* clang-format off */
static const struct command commands[] = {
	/* verb		run		phases			argument, junk, secret */
	{ "MAIL",	cmd_mail,	AT_READY,		ARG_MUST, false, false },
	{ "RCPT",	cmd_rcpt,	AT_MAIL | AT_RCPT,	ARG_MUST, false, false },
	{ "DATA",	cmd_data,	AT_RCPT,		ARG_NONE, false, false },
	/* judges itself: its bytes follow in any case */
	{ "BDAT",	cmd_bdat,	AT_COMMAND,		ARG_MAY, false, false },
	{ "EHLO",	cmd_ehlo,	AT_COMMAND,		ARG_MUST, true, false },
	{ "HELO",	cmd_helo,	AT_COMMAND,		ARG_MUST, true, false },
	{ "QUIT",	cmd_quit,	AT_COMMAND,		ARG_NONE, false, false },
	{ "RSET",	cmd_rset,	AT_COMMAND,		ARG_NONE, true, false },
	{ "NOOP",	cmd_noop,	AT_COMMAND,		ARG_MAY, true, false },
	{ "VRFY",	cmd_vrfy,	AT_COMMAND,		ARG_MUST, true, false },
	{ "EXPN",	cmd_expn,	AT_COMMAND,		ARG_MAY, true, false },
	{ "HELP",	cmd_help,	AT_COMMAND,		ARG_MAY, true, false },
	{ "STARTTLS",	cmd_starttls,	AT_READY,		ARG_NONE, false, false },
	{ "AUTH",	cmd_auth,	AT_READY,		ARG_MUST, true, true },
};

/*
 * A browser that was led here (ALPACA and its kin) must not have its form
 * read as commands, nor get an answer that it could take for a page.
 */
static const char *const http_verbs[] = {
	"GET", "POST", "HEAD", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE",
	"PATCH", "PRI",
};
/* clang-format on */

static const struct command *
command_find(struct view verb)
{
	for (size_t i = 0; i < nitems(commands); i++)
		if (view_is_nocase(verb, commands[i].verb))
			return &commands[i];
	return NULL;
}

static bool
is_http(struct view verb)
{
	for (size_t i = 0; i < nitems(http_verbs); i++)
		if (view_is(verb, http_verbs[i]))
			return true;
	return false;
}

static bool
argument_fits(enum argument wanted, struct view argument)
{
	switch (wanted) {
	case ARG_NONE:
		return argument.len == 0;
	case ARG_MAY:
		return true;
	case ARG_MUST:
		return argument.len > 0;
	}
	return false;
}

static void
refuse_unknown(struct session *s, struct view verb)
{
	if (is_http(verb))
		session_hang_up(s);
	else
		session_refuse(s, &reply_unknown);
}

static void
refuse_order(struct session *s)
{
	session_refuse(
	    s, s->phase == AT_START ? &reply_greet_first : &reply_sequence);
}

void
command_run(struct session *s, struct view line)
{
	/* RFC 5321 4.1.1: blanks at the end are tolerated, in front not */
	size_t end = view_find(line, ' ');
	struct view verb = view_make(line.data, end);
	struct view argument = view_trim(view_skip(line, end));
	const struct command *c = command_find(verb);

	if (c == NULL) {
		refuse_unknown(s, verb);
		return;
	}
	if (!session_count(s, c->junk))
		return;
	s->command = c->verb;
	s->argument = c->secret ? view_of("") : argument;
	s->secret = s->secret || c->secret;
	if ((c->phases & (unsigned int)s->phase) == 0)
		refuse_order(s);
	else if (!argument_fits(c->argument, argument))
		session_refuse(s, c->argument == ARG_NONE
				      ? &reply_argument_none
				      : &reply_argument_needed);
	else
		c->run(s, argument);
}
