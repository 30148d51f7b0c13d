/* SPDX-License-Identifier: ISC */
/* tools/sendmail_args.c - the command line that programs give sendmail.
 *
 * One row a letter.  getopt(3) cannot do it: some letters take the rest of
 * their word, which may be empty.
 */
#include "tools/sendmail_args.h"

#include "common/base/alloc.h"
#include "common/mail/notify.h"
#include "common/mail/xtext.h"

#include <stdio.h>
#include <string.h>

enum value {
	NONE,
	MUST, /* rest of the word, or the next one */
	REST  /* rest of the word, even if empty */
};

/* What is wrong, or NULL. */
typedef const char *apply(struct sendmail_args *, const char *value);

static const char *
ignore(struct sendmail_args *a, const char *value)
{
	(void)a;
	(void)value;
	return NULL;
}

static const char *
own_configuration(struct sendmail_args *a, const char *value)
{
	(void)a;
	(void)value;
	return "takes no configuration from its caller";
}

static const char *
set_body(struct sendmail_args *a, const char *value)
{
	a->eightbit = view_is_nocase(view_of(value), "8BITMIME");
	if (a->eightbit || view_is_nocase(view_of(value), "7BIT"))
		return NULL;
	return "a body is 7BIT or 8BITMIME";
}

static const char *
set_mode(struct sendmail_args *a, const char *value)
{
	static const struct {
		const char *name;
		enum sendmail_mode mode;
	} modes[] = {
		{ "m", SENDMAIL_MESSAGE },
		{ "s", SENDMAIL_SMTP },
		{ "p", SENDMAIL_QUEUE },
		{ "i", SENDMAIL_ALIASES },
	};

	for (size_t i = 0; i < nitems(modes); i++)
		if (strcmp(value, modes[i].name) == 0) {
			a->mode = modes[i].mode;
			return NULL;
		}
	if (strcmp(value, "d") == 0 || strcmp(value, "D") == 0)
		return "is no daemon here: that is posternd";
	return "no such mode; there are -bm, -bs, -bp and -bi";
}

static const char *
set_aliases(struct sendmail_args *a, const char *value)
{
	return set_mode(a, value == NULL ? "i" : value);
}

static const char *
set_run(struct sendmail_args *a, const char *value)
{
	(void)value;
	if (a->mode == SENDMAIL_MESSAGE)
		a->mode = SENDMAIL_RUN;
	return NULL;
}

static const char *
set_name(struct sendmail_args *a, const char *value)
{
	a->name = value;
	return NULL;
}

static const char *
set_sender(struct sendmail_args *a, const char *value)
{
	a->sender = value;
	return NULL;
}

static const char *
set_dots(struct sendmail_args *a, const char *value)
{
	(void)value;
	a->dots_are_text = true;
	return NULL;
}

/* -oX is the old spelling of a setting; only -oi and -oT mean much here. */
static const char *
set_old(struct sendmail_args *a, const char *value)
{
	if (strcmp(value, "i") == 0)
		a->dots_are_text = true;
	return NULL;
}

static const char *
set_header_rcpts(struct sendmail_args *a, const char *value)
{
	(void)value;
	a->header_rcpts = true;
	return NULL;
}

static const char *
set_notify(struct sendmail_args *a, const char *value)
{
	uint8_t bits;

	if (!notify_parse(view_of(value), &bits))
		return "never, or of success, failure, delay";
	view_copy(view_of(value), a->notify, sizeof(a->notify));
	return NULL;
}

static const char *
set_ret(struct sendmail_args *a, const char *value)
{
	struct view v = view_of(value);

	if (!view_is_nocase(v, "full") && !view_is_nocase(v, "hdrs"))
		return "full or hdrs";
	view_copy(v, a->ret, sizeof(a->ret));
	return NULL;
}

static const char *
set_envid(struct sendmail_args *a, const char *value)
{
	char text[ENVID_MAX + 1];

	if (!xtext_encode(view_of(value), a->envid, sizeof(a->envid)) ||
	    !envid_parse(view_of(a->envid), text))
		return "printable ASCII, 100 bytes at most when encoded";
	return NULL;
}

/* clang-format off */
static const struct option {
	char letter;
	enum value value;
	apply *apply;
} options[] = {
	{ 'A', REST, ignore },		/* -Am, -Ac */
	{ 'B', MUST, set_body },
	{ 'C', MUST, own_configuration },
	{ 'F', MUST, set_name },
	{ 'G', NONE, ignore },		/* from a gateway */
	{ 'I', NONE, set_aliases },
	{ 'L', MUST, ignore },		/* the log's tag */
	{ 'N', MUST, set_notify },
	{ 'O', MUST, ignore },		/* long settings */
	{ 'R', MUST, set_ret },
	{ 'U', NONE, ignore },
	{ 'V', MUST, set_envid },
	{ 'X', MUST, ignore },		/* a trace file */
	{ 'b', MUST, set_mode },
	{ 'd', REST, ignore },
	{ 'e', REST, ignore },		/* -em: how to tell of errors */
	{ 'f', MUST, set_sender },
	{ 'h', MUST, ignore },		/* hops so far: Received fields count */
	{ 'i', NONE, set_dots },
	{ 'm', NONE, ignore },		/* to me too */
	{ 'n', NONE, ignore },		/* no aliases */
	{ 'o', MUST, set_old },
	{ 'p', MUST, ignore },		/* protocol it came by */
	{ 'q', REST, set_run },
	{ 'r', MUST, set_sender },
	{ 's', NONE, ignore },
	{ 't', NONE, set_header_rcpts },
	{ 'v', NONE, ignore },
	{ 'x', NONE, ignore },
};
/* clang-format on */

struct words {
	int argc, next;
	char **argv;
};

static const struct option *
option_find(char letter)
{
	for (size_t i = 0; i < nitems(options); i++)
		if (options[i].letter == letter)
			return &options[i];
	return NULL;
}

/* One letter of a word; *rest is moved behind it and its value. */
static const char *
take_letter(struct sendmail_args *a, struct words *w, const char **rest)
{
	const struct option *o = option_find(**rest);
	const char *value = NULL;

	if (o == NULL)
		return "no such option";
	(*rest)++;
	if (o->value != NONE) {
		value = *rest;
		*rest += strlen(*rest);
	}
	if (o->value == MUST && *value == '\0') {
		if (w->next == w->argc)
			return "needs a value";
		value = w->argv[w->next++];
	}
	return o->apply(a, value);
}

static void
mode_by_name(const char *path, struct sendmail_args *a)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;

	if (strcmp(name, "mailq") == 0)
		a->mode = SENDMAIL_QUEUE;
	else if (strcmp(name, "newaliases") == 0)
		a->mode = SENDMAIL_ALIASES;
}

bool
sendmail_args_read(
    int argc, char *argv[], struct sendmail_args *a, char wrong[SENDMAIL_WRONG])
{
	struct words w = { argc, 1, argv };
	const char *word, *rest, *why;

	memset(a, 0, sizeof(*a));
	if (argc < 1)
		return true;
	mode_by_name(argv[0], a);
	while (w.next < argc && argv[w.next][0] == '-' &&
	       argv[w.next][1] != '\0') {
		word = argv[w.next++];
		if (strcmp(word, "--") == 0)
			break;
		for (rest = word + 1; *rest != '\0';) {
			char letter = *rest;

			why = take_letter(a, &w, &rest);
			if (why != NULL) {
				snprintf(wrong, SENDMAIL_WRONG, "-%c: %s",
				    letter, why);
				return false;
			}
		}
	}
	a->first = w.next;
	return true;
}
