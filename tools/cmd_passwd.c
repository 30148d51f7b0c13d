/* SPDX-License-Identifier: ISC */
/* tools/cmd_passwd.c - postern passwd: the file of logins, edited.
 *
 * Must never take a password as an argument, where others could read it.
 */
#include "tools/command.h"

#include "common/sys/hash.h"
#include "tools/logins.h"

#include <errno.h>
#include <readpassphrase.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

struct order {
	const char *file; /* NULL: as the configuration says */
	const char *name;
	bool delete, list, check;
};

static int
read_order(const struct command *c, int argc, char *argv[], struct order *o)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--delete") == 0)
			o->delete = true;
		else if (strcmp(argv[i], "--list") == 0)
			o->list = true;
		else if (strcmp(argv[i], "--check") == 0)
			o->check = true;
		else if (strcmp(argv[i], "--file") == 0 && i + 1 < argc)
			o->file = argv[++i];
		else if (argv[i][0] == '-' || o->name != NULL)
			return command_usage(c, "\"%s\" is not understood%s",
			    argv[i],
			    o->name != NULL ? " (a password is asked for)"
					    : "");
		else
			o->name = argv[i];
	}
	if (o->delete + o->list + o->check > 1)
		return command_usage(c, "only one of these at a time");
	if ((o->name == NULL) != o->list)
		return command_usage(
		    c, o->list ? "--list takes no name" : "whose?");
	if (o->name != NULL && !passwords_name_valid(view_of(o->name)))
		return command_usage(c, "\"%s\" cannot be a login", o->name);
	return EX_OK;
}

static bool
ask(const char *prompt, char out[LOGINS_PASSWORD])
{
	if (readpassphrase(prompt, out, LOGINS_PASSWORD,
		RPP_ECHO_OFF | RPP_REQUIRE_TTY) != NULL)
		return true;
	fprintf(stderr, "postern passwd: no password was typed\n");
	return false;
}

static bool
ask_twice(char out[LOGINS_PASSWORD])
{
	char again[LOGINS_PASSWORD];
	bool same;

	if (!ask("New password: ", out) || !ask("Once more: ", again))
		return false;
	same = strcmp(out, again) == 0;
	explicit_bzero(again, sizeof(again));
	if (!same)
		fprintf(stderr, "postern passwd: these were two passwords\n");
	return same;
}

/* One line of standard input, if nobody types. */
static bool
read_line(char out[LOGINS_PASSWORD])
{
	size_t len = 0;
	char c;

	while (len < LOGINS_PASSWORD && read(STDIN_FILENO, &c, 1) == 1 &&
	       c != '\n') {
		if (c == '\0')
			break;
		out[len++] = c;
	}
	if (len == LOGINS_PASSWORD)
		len--; /* too long: what follows sees that */
	out[len] = '\0';
	return true;
}

static bool
get_password(char out[LOGINS_PASSWORD], bool new)
{
	size_t len;

	if (!isatty(STDIN_FILENO) ? !read_line(out)
	    : new                 ? !ask_twice(out)
				  : !ask("Password: ", out))
		return false;
	len = strlen(out);
	if (len > 0 && len <= PASSWORDS_PASSWORD)
		return true;
	fprintf(stderr, "postern passwd: a password has 1 to %d bytes\n",
	    (int)PASSWORDS_PASSWORD);
	explicit_bzero(out, LOGINS_PASSWORD);
	return false;
}

/* Asked for before the file is locked: people think. */
static int
new_hash(char hash[HASH_TEXT])
{
	char password[LOGINS_PASSWORD];
	bool made;

	if (!get_password(password, true))
		return EX_DATAERR;
	made = hash_make(password, hash);
	explicit_bzero(password, sizeof(password));
	if (made)
		return EX_OK;
	fprintf(stderr, "postern passwd: no hash: %s\n", strerror(errno));
	return EX_OSERR;
}

static int
check(struct logins *l, const char *name)
{
	char password[LOGINS_PASSWORD];
	const char *hash = passwords_find(&l->passwords, view_of(name));
	bool right;

	if (!get_password(password, false))
		return EX_DATAERR;
	right = hash != NULL && hash_matches(hash, password);
	explicit_bzero(password, sizeof(password));
	if (right)
		return EX_OK;
	fprintf(stderr, "postern passwd: name or password is wrong\n");
	return EX_NOPERM;
}

static int
list(const struct logins *l)
{
	for (size_t i = 0; i < l->passwords.n; i++) {
		const struct view name = l->passwords.of[i].name;

		printf("%.*s\n", (int)name.len, name.data);
	}
	return EX_OK;
}

static int delete (struct logins *l, const char *name)
{
	if (passwords_find(&l->passwords, view_of(name)) != NULL)
		return logins_set(l, name, NULL);
	fprintf(stderr, "postern passwd: %s: no such login\n", name);
	return EX_NOUSER;
}

int
cmd_passwd(const struct command *c, const char *control, int argc, char *argv[])
{
	struct order o = { 0 };
	struct logins l;
	char hash[HASH_TEXT];
	int code = read_order(c, argc, argv, &o);

	(void)control;
	if (code == EX_OK && !o.list && !o.check && !o.delete)
		code = new_hash(hash);
	if (code != EX_OK)
		return code;
	code = logins_open(&l, o.file, !o.list && !o.check);
	if (code != EX_OK)
		return code;
	if (o.list)
		code = list(&l);
	else if (o.check)
		code = check(&l, o.name);
	else if (o.delete)
		code = delete (&l, o.name);
	else
		code = logins_set(&l, o.name, hash);
	logins_close(&l);
	return code;
}
