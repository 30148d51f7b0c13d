/* SPDX-License-Identifier: ISC */
/* tools/postern.c - the operator's command.
 *
 * Has no rights of its own: postern-report looks at the caller's uid.
 */
#include "common/base/alloc.h"
#include "tools/command.h"
#include "tools/standby.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* clang-format off */
static const struct command commands[] = {
	{ "queue", "[--json] [--count | --summary | --sort KEY ...] [FILTER ...]",
	    "list the messages that wait", cmd_queue },
	{ "trace", "[--json] [--since AGE] [--limit N] ID | MESSAGE-ID | "
	    "ADDRESS", "tell the life of messages, delivered ones too",
	    cmd_trace },
	{ "show", "[--json] ID", "tell all about one message", cmd_show },
	{ "explain", "[--json] [--from SENDER] [--login LOGIN] [--connect] "
	    "ADDRESS", "tell what would become of mail for an address",
	    cmd_explain },
	{ "sql", "[--json] STATEMENT", "ask the queue and its history in SQL",
	    cmd_sql },
	{ "passwd", "[--file FILE] [--delete | --check] NAME | --list",
	    "edit the file of who may log in", cmd_passwd },
	{ "check", "[--full] [--json]", "look for damage in the spool",
	    cmd_check },
	{ "retry", "ID ... | FILTER ... | --all", "try now what waits",
	    cmd_order },
	{ "remove", "[-y] ID ... | FILTER ...", "take messages out of the "
	    "queue, without a bounce", cmd_order },
	{ "bounce", "[-y] [--reason TEXT] ID ... | FILTER ...", "give messages "
	    "up, and tell their senders", cmd_order },
	{ "hold", "ID ... | FILTER ...", "keep messages until they are "
	    "released", cmd_order },
	{ "release", "ID ... | FILTER ...", "let held messages go on",
	    cmd_order },
	{ "suspend", "NAME [--for TIME] [--reason TEXT] [--port N]",
	    "try nothing to a destination", cmd_suspend },
	{ "resume", "NAME [--port N]", "let a suspended destination go on",
	    cmd_suspend },
};
/* clang-format on */

static const struct command *
command_find(const char *name)
{
	for (size_t i = 0; i < nitems(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void
help(FILE *to)
{
	char line[64];

	fprintf(to,
	    "usage: postern [-f FILE] [-s SOCKET] COMMAND [ARGUMENT ...]\n\n");
	for (size_t i = 0; i < nitems(commands); i++) {
		snprintf(line, sizeof(line), "%s %s", commands[i].name,
		    commands[i].arguments);
		fprintf(to, "  %-24s %s\n", line, commands[i].help);
	}
	fprintf(to, "  %-24s %s\n", "help [COMMAND]", "this, or one line");
}

/* The command that was probably meant, if one is close. */
static int
unknown(const char *name)
{
	const struct command *best = NULL;
	size_t least = 3; /* two letters wrong are a typing error */

	for (size_t i = 0; i < nitems(commands); i++) {
		size_t n = command_distance(name, commands[i].name);

		if (n < least) {
			least = n;
			best = &commands[i];
		}
	}
	if (best != NULL)
		fprintf(stderr,
		    "postern: no such command; did you mean \"postern %s\"?\n",
		    best->name);
	else
		fprintf(stderr, "postern: no such command; \"postern help\" "
				"lists them\n");
	return EX_USAGE;
}

static int
help_command(const char *name)
{
	const struct command *c = name == NULL ? NULL : command_find(name);

	if (name != NULL && c == NULL)
		return unknown(name);
	if (c == NULL)
		help(stdout);
	else
		printf("usage: postern %s %s\n    %s\n", c->name, c->arguments,
		    c->help);
	return EX_OK;
}

static bool
is_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 ||
	       strcmp(word, "-h") == 0;
}

static bool
is_option(const char *word)
{
	return strcmp(word, "-s") == 0 || strcmp(word, "-f") == 0;
}

int
main(int argc, char *argv[])
{
	const struct command *c;
	const char *control = NULL, *conf = NULL;

	signal(SIGPIPE, SIG_IGN);
	argc--;
	argv++;
	while (argc > 1 && is_option(argv[0])) {
		if (argv[0][1] == 's')
			control = argv[1];
		else
			conf = argv[1];
		argc -= 2;
		argv += 2;
	}
	standby_allow(conf);
	if (argc == 1 && is_option(argv[0])) {
		fprintf(stderr, "postern: %s: expected a path\n", argv[0]);
		return EX_USAGE;
	}
	if (argc < 1) {
		help(stderr);
		return EX_USAGE;
	}
	if (is_help(argv[0]))
		return help_command(argc > 1 ? argv[1] : NULL);
	c = command_find(argv[0]);
	if (c == NULL)
		return unknown(argv[0]);
	if (argc > 1 && is_help(argv[1]))
		return help_command(c->name);
	return c->run(c, control, argc - 1, argv + 1);
}
