/* SPDX-License-Identifier: ISC */
/* tools/cmd_order.c - postern retry, remove, bounce, hold, release.
 *
 * All words are read before the first order is given: a typing error in the
 * last one must not find the others gone.  What filters choose is listed
 * first, and is destroyed only once somebody has said yes to it.
 */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "tools/ask.h"
#include "tools/command.h"
#include "tools/filter_words.h"
#include "tools/human.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { IDS_SHOWN = 20, IDS_A_LINE = 5 };

struct order_words {
	const char *name;
	enum order_verb verb;
	const char *done; /* behind "ID: " */
	const char *nothing;
	const char *ask; /* before it destroys anything; NULL: it does not */
};

static const struct order_words orders[] = {
	{ "retry", ORDER_RETRY, "is tried now", "nothing of it waits", NULL },
	{ "remove", ORDER_REMOVE, "removed", "is being delivered: not removed",
	    "Remove" },
	{ "bounce", ORDER_BOUNCE, "returned to the sender",
	    "is being delivered: not returned", "Bounce" },
	{ "hold", ORDER_HOLD, "held", "held already, or being delivered",
	    NULL },
	{ "release", ORDER_RELEASE, "released", "was not held", NULL },
};

struct wish {
	const struct command *self;
	const struct order_words *w;
	bool all, sure, filtered;
	struct msg_ask_queue filter;
	struct msg_ask_order order; /* for each of: */
	uint64_t *ids;
	size_t n;
};

static const struct order_words *
words_of(const char *name)
{
	size_t i = 0;

	while (strcmp(orders[i].name, name) != 0)
		i++; /* the caller's table holds these names only */
	return &orders[i];
}

static void
add_id(struct wish *k, uint64_t id)
{
	/* room for 1, 2, 4, 8 ... */
	if ((k->n & (k->n - 1)) == 0)
		k->ids =
		    mem_grow(k->ids, k->n == 0 ? 1 : k->n * 2, sizeof(*k->ids));
	k->ids[k->n++] = id;
}

/* What will be gone, for whoever is about to say yes. */
static void
show_ids(const struct wish *k)
{
	char text[ID_TEXT];
	size_t n = k->n <= IDS_SHOWN ? k->n : IDS_SHOWN;

	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s%s", i % IDS_A_LINE == 0 ? "\n    " : "  ",
		    id_print(k->ids[i], text));
	if (k->n > n)
		fprintf(stderr, "\n    and %zu more", k->n - n);
	fprintf(stderr, "\n");
}

static bool
confirmed(const struct wish *k)
{
	const struct order_words *w = k->w;
	char line[16];

	if (w->ask == NULL || k->sure || (!k->filtered && k->n < 2))
		return true;
	if (!isatty(STDIN_FILENO)) {
		if (!k->filtered)
			return true; /* each of them was named */
		fprintf(stderr,
		    "postern %s: %zu message%s: nothing done without --yes\n",
		    w->name, k->n, k->n == 1 ? " matches" : "s match");
		return false;
	}
	fprintf(
	    stderr, "%s %zu message%s:", w->ask, k->n, k->n == 1 ? "" : "s");
	show_ids(k);
	fprintf(stderr, "Go on? [y/N] ");
	if (fgets(line, sizeof(line), stdin) != NULL &&
	    (line[0] == 'y' || line[0] == 'Y'))
		return true;
	fprintf(stderr, "postern %s: nothing done\n", w->name);
	return false;
}

/* Tells how the order to one message ended. */
static int
tell(const struct wish *k, uint64_t id, const struct msg_order_done *d)
{
	const struct order_words *w = k->w;
	char text[ID_TEXT];
	struct buf shown;

	id_print(id, text);
	if (d->code == EX_OK && d->text[0] == '\0') {
		printf("%s: %s\n", text, d->count > 0 ? w->done : w->nothing);
		return EX_OK;
	}
	if (d->code == EX_USAGE && k->filtered) {
		printf("%s: has left the queue meanwhile\n", text);
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
give_orders(struct ask *ask, struct wish *k)
{
	struct msg_order_done done;
	int first = EX_OK, code;

	for (size_t i = 0; i < k->n; i++) {
		k->order.id = k->ids[i];
		code = ask_order(ask, &k->order, &done);
		if (code != EX_OK)
			return code;
		code = tell(k, k->ids[i], &done);
		if (first == EX_OK)
			first = code;
	}
	return first;
}

static int
retry_all(struct ask *ask, const struct wish *k)
{
	struct msg_order_done done;
	int code = ask_order(ask, &k->order, &done);

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

static bool
take_row(void *arg, const struct msg_row *m)
{
	add_id(arg, m->id);
	return true;
}

static bool
no_rcpt(void *arg, const struct msg_row_rcpt *m)
{
	(void)arg;
	(void)m;
	return true;
}

static bool
no_piece(void *arg)
{
	(void)arg;
	return true;
}

/* The ids of what matches. */
static int
choose(struct wish *k, const char *control)
{
	const struct ask_rows rows = { take_row, no_rcpt, no_piece, k };
	struct ask *ask;
	int code = ask_open(&ask, control);

	if (code == EX_OK)
		code = ask_queue(ask, &k->filter, &rows);
	ask_close(ask);
	if (code == EX_OK && k->n == 0)
		printf("No message matches.\n");
	return code;
}

/* Nobody is kept connected while a human thinks. */
static int
carry_out(struct wish *k, const char *control)
{
	struct ask *ask;
	int code = k->filtered ? choose(k, control) : EX_OK;

	if (code != EX_OK || (k->filtered && k->n == 0))
		return code;
	if (!confirmed(k))
		return EX_USAGE;
	code = ask_open(&ask, control);
	if (code == EX_OK)
		code = k->all ? retry_all(ask, k) : give_orders(ask, k);
	ask_close(ask);
	return code;
}

/* One option; how many words it takes, 0: it is wrong, and that was said. */
static int
option(struct wish *k, const char *name, const char *value)
{
	const char *why;

	if (strcmp(name, "--all") == 0 && k->w->verb == ORDER_RETRY) {
		k->all = true;
		return 1;
	}
	if ((strcmp(name, "--yes") == 0 || strcmp(name, "-y") == 0) &&
	    k->w->ask != NULL) {
		k->sure = true;
		return 1;
	}
	if (strcmp(name, "--reason") == 0 && k->w->verb == ORDER_BOUNCE) {
		if (value != NULL && view_copy(view_of(value), k->order.reason,
					 sizeof(k->order.reason)))
			return 2;
		command_usage(k->self,
		    "--reason takes a text of at most %d bytes", MSG_TEXT_MAX);
		return 0;
	}
	switch (filter_read(&k->filter, name, value, clock_wall_ms(), &why)) {
	case FILTER_TAKEN:
		k->filtered = true;
		return 2;
	case FILTER_UNKNOWN:
		command_usage(k->self, "unknown argument: %s", name);
		break;
	case FILTER_WRONG:
		command_usage(k->self, "%s", why);
		break;
	}
	return 0;
}

static bool
read_words(struct wish *k, int argc, char *argv[])
{
	uint64_t id;
	int n;

	for (int i = 0; i < argc; i += n) {
		n = 1;
		if (argv[i][0] == '-') {
			n = option(
			    k, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
			if (n == 0)
				return false;
			continue;
		}
		if (!command_id(k->self, argv[i], &id))
			return false;
		add_id(k, id);
	}
	if (k->all + k->filtered + (k->n > 0) == 1)
		return true;
	command_usage(k->self, "%s",
	    k->all || k->filtered ? "message ids, or what chooses them: "
				    "one kind at a time"
				  : "which message?");
	return false;
}

int
cmd_order(
    const struct command *self, const char *control, int argc, char *argv[])
{
	static struct wish wish;
	int code = EX_USAGE;

	wish.self = self;
	wish.w = words_of(self->name);
	wish.order.verb = (uint8_t)wish.w->verb;
	if (read_words(&wish, argc, argv))
		code = carry_out(&wish, control);
	mem_free(wish.ids);
	return code;
}
