/* SPDX-License-Identifier: ISC */
/* tools/sendmail_args.h - the command line that programs give sendmail. Pure.
 *
 * What other sendmails know and postern has no use for is accepted and does
 * nothing; what would have to change something (another configuration, a
 * daemon) is refused, so that nobody believes it happened.
 */
#ifndef TOOLS_SENDMAIL_ARGS_H
#define TOOLS_SENDMAIL_ARGS_H

#include "common/base/view.h"

enum { SENDMAIL_WRONG = 256, SENDMAIL_VALUE = 128 };

enum sendmail_mode {
	SENDMAIL_MESSAGE, /* -bm */
	SENDMAIL_SMTP,    /* -bs */
	SENDMAIL_QUEUE,   /* -bp, mailq */
	SENDMAIL_ALIASES, /* -bi, newaliases */
	SENDMAIL_RUN      /* -q: nothing to do, the queue runs itself */
};

struct sendmail_args {
	enum sendmail_mode mode;
	bool header_rcpts;  /* -t */
	bool dots_are_text; /* -i */
	bool eightbit;      /* -B 8BITMIME */
	const char *sender; /* -f, -r; NULL: the user */
	const char *name;   /* -F; NULL: from the user's account */
	/* for servers that offer DSN; "" when not wished */
	char notify[SENDMAIL_VALUE]; /* -N */
	char ret[SENDMAIL_VALUE];    /* -R */
	char envid[SENDMAIL_VALUE];  /* -V */
	int first;                   /* index of the first recipient in argv */
};

/* False: wrong says which word, and what about it. */
bool sendmail_args_read(
    int argc, char *argv[], struct sendmail_args *, char wrong[SENDMAIL_WRONG]);

#endif
