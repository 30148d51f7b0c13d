/* SPDX-License-Identifier: ISC */
/* tools/cmd_order.c - postern retry, remove, hold, release.
 *
 * All ids are read before the first order is given: a typing error in the
 * last one must not find the others gone.
 */
#include "common/base/alloc.h"
#include "common/base/id.h"
#include "tools/ask.h"
#include "tools/command.h"
#include "tools/human.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

struct order_words {
	const char *name;
	enum order_verb verb;
	const char *done; /* behind "ID: " */
	const char *nothing;
	const char *ask; /* before more than one on a terminal; NULL: never */
};

static const struct order_words orders[] = {
	{ "retry", ORDER_RETRY, "is tried now", "nothing of it waits", NULL },
	{ "remove", ORDER_REMOVE, "removed", "is being delivered: not removed",
	    "Remove" },
	{ "hold", ORDER_HOLD, "held", "held already, or being delivered",
	    NULL },
	{ "release", ORDER_RELEASE, "released", "was not held", NULL },
};

static const struct order_words *
words_of(const char *name)
{
	size_t i = 0;

	while (strcmp(orders[i].name, name) != 0)
		i++; /* the caller's table holds these names only */
	return &orders[i];
}

static bool
confirmed(const struct order_words *w, int n)
{
	char line[16];

	if (w->ask == NULL || n < 2 || !isatty(STDIN_FILENO))
		return true;
	fprintf(stderr, "%s %d messages? [y/N] ", w->ask, n);
	return fgets(line, sizeof(line), stdin) != NULL &&
	       (line[0] == 'y' || line[0] == 'Y');
}

/* Tells how the order to one message ended. */
static int
tell(const struct order_words *w, uint64_t id, const struct msg_order_done *d)
{
	char text[ID_TEXT];
	struct buf shown;

	id_print(id, text);
	if (d->code == EX_OK && d->text[0] == '\0') {
		printf("%s: %s\n", text, d->count > 0 ? w->done : w->nothing);
		return EX_OK;
	}
	buf_init(&shown, 8 * sizeof(d->text));
	human_text(&shown, view_of(d->text), 0, false);
	if (d->code == EX_OK) /* done, but */
		printf("%s: %s\n", text, buf_string(&shown));
	else
		fprintf(stderr, "postern %s: %s: %s\n", w->name, text,
		    buf_string(&shown));
	buf_free(&shown);
	return d->code;
}

static int
give_orders(
    struct ask *ask, const struct order_words *w, const uint64_t *ids, int n)
{
	struct msg_order_done done;
	int first = EX_OK, code;

	for (int i = 0; i < n; i++) {
		code = ask_order(ask, w->verb, ids[i], &done);
		if (code != EX_OK)
			return code;
		code = tell(w, ids[i], &done);
		if (first == EX_OK)
			first = code;
	}
	return first;
}

static int
retry_all(struct ask *ask)
{
	struct msg_order_done done;
	int code = ask_order(ask, ORDER_RETRY, 0, &done);

	if (code != EX_OK)
		return code;
	if (done.code != EX_OK)
		fprintf(stderr, "postern retry: %s\n", done.text);
	else
		printf("%u waiting deliver%s due now%s%s\n", done.count,
		    done.count == 1 ? "y is" : "ies are",
		    done.text[0] != '\0' ? "; " : "", done.text);
	return done.code;
}

static int
order_ids(const struct command *self, const char *control, int argc,
    char *argv[], bool sure)
{
	const struct order_words *w = words_of(self->name);
	uint64_t *ids = mem_zero((size_t)argc + 1, sizeof(*ids));
	struct ask *ask = NULL;
	int code = EX_USAGE;

	if (!command_ids(self, argc, argv, ids))
		goto out;
	if (!sure && !confirmed(w, argc)) {
		fprintf(stderr, "postern %s: nothing done\n", w->name);
		goto out;
	}
	code = ask_open(&ask, control);
	if (code == EX_OK)
		code = give_orders(ask, w, ids, argc);
out:
	ask_close(ask);
	mem_free(ids);
	return code;
}

int
cmd_order(
    const struct command *self, const char *control, int argc, char *argv[])
{
	bool all = false, sure = false;
	struct ask *ask;
	int code;

	for (; argc > 0 && argv[0][0] == '-'; argc--, argv++) {
		if (strcmp(argv[0], "--all") == 0 &&
		    strcmp(self->name, "retry") == 0)
			all = true;
		else if (strcmp(argv[0], "--yes") == 0 &&
			 strcmp(self->name, "remove") == 0)
			sure = true;
		else
			return command_usage(
			    self, "unknown argument: %s", argv[0]);
	}
	if (all != (argc == 0))
		return command_usage(
		    self, all ? "--all, or message ids" : "which message?");
	if (!all)
		return order_ids(self, control, argc, argv, sure);
	code = ask_open(&ask, control);
	if (code == EX_OK)
		code = retry_all(ask);
	ask_close(ask);
	return code;
}
