/* SPDX-License-Identifier: ISC */
/* tools/cmd_suspend.c - postern suspend, resume: of a destination. */
#include "common/base/alloc.h"
#include "common/conf/number.h"
#include "common/mail/hopname.h"
#include "tools/ask.h"
#include "tools/command.h"
#include "tools/human.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* All the words that are no options: "host mail.example.org port 25" as postern
 * queue shows it, in one piece or in several. */
static int
name_parse(const struct command *self, struct msg_suspend *m, const char *words,
    size_t n)
{
	struct hopname h;

	if (n == 0)
		return command_usage(self, "which destination?");
	if (strcmp(words, "aliases") == 0)
		return command_usage(
		    self, "mail that waits for aliases has no destination yet");
	if (!hopname_parse(view_of(words), &h))
		return command_usage(self,
		    n == 1 ? "not a domain or host: %s"
			   : "not one destination: %s",
		    words);
	if (h.port != 0 && m->port != 0 && h.port != m->port)
		return command_usage(
		    self, "two ports, %u and %u", h.port, m->port);
	if (h.port != 0)
		m->port = h.port;
	m->transport = (uint8_t)h.transport;
	memcpy(m->name, h.host, sizeof(m->name));
	return EX_OK;
}

static bool
port_parse(const char *text, struct msg_suspend *m)
{
	uint64_t n;

	if (!view_u64(view_of(text), &n) || n < 1 || n > 65535)
		return false;
	m->port = (uint16_t)n;
	return true;
}

static bool
time_parse(const char *text, struct msg_suspend *m)
{
	uint64_t seconds;

	if (!number_parse_time(view_of(text), &seconds) || seconds == 0 ||
	    seconds > INT64_MAX / 4000)
		return false;
	m->ms = seconds * 1000;
	return true;
}

static bool
reason_parse(const char *text, struct msg_suspend *m)
{
	return view_copy(view_of(text), m->reason, sizeof(m->reason));
}

/* What may stand before the name. */
static const struct {
	const char *word;
	bool (*parse)(const char *, struct msg_suspend *);
	bool resume; /* also of resume */
	const char *what;
} options[] = {
	{ "--for", time_parse, false, "a time such as 2h" },
	{ "--reason", reason_parse, false, "a text of at most 511 bytes" },
	{ "--port", port_parse, true, "a port from 1 to 65535" },
};

/* An option and its value; EX_OK if it is one. */
static int
option(const struct command *self, struct msg_suspend *m, const char *word,
    const char *value)
{
	for (size_t i = 0; i < nitems(options); i++) {
		if (strcmp(word, options[i].word) != 0 ||
		    (m->resume != 0 && !options[i].resume))
			continue;
		if (value != NULL && options[i].parse(value, m))
			return EX_OK;
		return command_usage(
		    self, "%s: expected %s", word, options[i].what);
	}
	return command_usage(self, "unknown argument: %s", word);
}

static int
arguments(
    const struct command *self, struct msg_suspend *m, int argc, char *argv[])
{
	char words[4 * DOMAIN_MAX] = "";
	size_t n = 0;
	int code;

	for (int i = 0; i < argc; i++) {
		if (argv[i][0] == '-') {
			code = option(self, m, argv[i],
			    i + 1 < argc ? argv[i + 1] : NULL);
			if (code != EX_OK)
				return code;
			i++;
			continue;
		}
		if (n++ > 0)
			(void)strlcat(words, " ", sizeof(words));
		/* what is cut off here is longer than any name */
		(void)strlcat(words, argv[i], sizeof(words));
	}
	return name_parse(self, m, words, n);
}

static int
tell(const struct command *self, const struct msg_suspend *m,
    const struct msg_order_done *d)
{
	struct buf shown;

	buf_init(&shown, 8 * sizeof(d->text));
	human_text(&shown, view_of(d->text), 0, false);
	if (d->code != EX_OK)
		fprintf(stderr, "postern %s: %s: %s\n", self->name, m->name,
		    buf_string(&shown));
	else if (d->count == 0)
		printf("%s: %s\n", m->name, buf_string(&shown));
	else
		printf("%s: %s\n", m->name,
		    m->resume != 0 ? "goes on" : "suspended");
	buf_free(&shown);
	return d->code;
}

int
cmd_suspend(
    const struct command *self, const char *control, int argc, char *argv[])
{
	struct msg_suspend m = { .resume = strcmp(self->name, "resume") == 0 };
	struct msg_order_done done;
	struct ask *ask = NULL;
	int code = arguments(self, &m, argc, argv);

	if (code != EX_OK)
		return code;
	code = ask_open(&ask, control);
	if (code == EX_OK)
		code = ask_suspend(ask, &m, &done);
	if (code == EX_OK)
		code = tell(self, &m, &done);
	ask_close(ask);
	return code;
}
