/* SPDX-License-Identifier: ISC */
/* tools/command.h - the subcommands of postern, a file each.
 *
 * A subcommand gets the arguments behind its name and gives an exit code of
 * sysexits(3).
 */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include "common/base/view.h"

struct command {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *help;      /* one line */
	/* control: the socket's path, NULL for the usual one */
	int (*run)(const struct command *, const char *control, int, char *[]);
};

int cmd_queue(const struct command *, const char *control, int, char *[]);
int cmd_trace(const struct command *, const char *control, int, char *[]);
int cmd_show(const struct command *, const char *control, int, char *[]);
int cmd_check(const struct command *, const char *control, int, char *[]);
/* retry, remove, bounce, hold, release: by the command's name */
int cmd_order(const struct command *, const char *control, int, char *[]);
int cmd_passwd(const struct command *, const char *control, int, char *[]);
int cmd_sql(const struct command *, const char *control, int, char *[]);
int cmd_explain(const struct command *, const char *control, int, char *[]);
/* suspend, resume */
int cmd_suspend(const struct command *, const char *control, int, char *[]);

/* Says why and how on standard error; EX_USAGE. */
int command_usage(const struct command *, const char *, ...)
    __attribute__((__format__(printf, 2, 3)));
/* The word is one; else says that it is not. */
bool command_id(const struct command *, const char *word, uint64_t *id);
/* Steps from one word to the other: letters changed, added or left out. */
size_t command_distance(const char *, const char *);

#endif
