/* SPDX-License-Identifier: ISC */
/* tools/cmd_suspend.c - postern suspend, resume: of a destination. */
#include "common/base/alloc.h"
#include "common/base/ip.h"
#include "common/conf/number.h"
#include "common/mail/domain.h"
#include "tools/ask.h"
#include "tools/command.h"
#include "tools/human.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* "example.org", "192.0.2.1" or "[192.0.2.1]", as queue writes it; a login's,
 * a source's, those of several hosts and sockets are written so by who asks. */
static bool
name_parse(const char *text, char out[DOMAIN_MAX + 1])
{
	struct view v = view_of(text);
	char shown[IP_TEXT];
	struct ip ip;

	if (ip_parse(v, &ip) || domain_literal_ip(v, &ip)) {
		snprintf(out, DOMAIN_MAX + 1, "[%s%s]",
		    ip.family == 6 ? "IPv6:" : "", ip_print(&ip, shown));
		return true;
	}
	if (strpbrk(text, "@,%/") != NULL)
		return view_copy(v, out, DOMAIN_MAX + 1);
	return domain_normalise(v, out) && domain_valid(view_of(out));
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
	int code;

	for (int i = 0; i < argc; i++) {
		if (argv[i][0] == '-') {
			code = option(self, m, argv[i],
			    i + 1 < argc ? argv[i + 1] : NULL);
			if (code != EX_OK)
				return code;
			i++;
		} else if (m->name[0] != '\0') {
			return command_usage(self, "one destination at a time");
		} else if (!name_parse(argv[i], m->name)) {
			return command_usage(
			    self, "not a domain or host: %s", argv[i]);
		}
	}
	if (m->name[0] == '\0')
		return command_usage(self, "which destination?");
	return EX_OK;
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
