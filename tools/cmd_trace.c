/* SPDX-License-Identifier: ISC */
/* tools/cmd_trace.c - postern trace: the life of messages. */
#include "common/base/clock.h"
#include "common/base/id.h"
#include "tools/ask.h"
#include "tools/command.h"
#include "tools/output.h"
#include "tools/span.h"
#include "tools/story.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { USUAL_LIMIT = 10 };

struct sink {
	struct story story;
	struct output output;
};

static bool
take_message(void *arg, const struct msg_past_message *m)
{
	struct sink *s = arg;

	story_message(&s->story, m);
	return output_flush_if_large(&s->output);
}

static bool
take_rcpt(void *arg, const struct msg_past_rcpt *m)
{
	story_rcpt(&((struct sink *)arg)->story, m);
	return true;
}

static bool
take_event(void *arg, const struct msg_past_event *m)
{
	story_event(&((struct sink *)arg)->story, m);
	return true;
}

static bool
take_queued(void *arg, const struct msg_row_rcpt *m)
{
	story_queued(&((struct sink *)arg)->story, m);
	return true;
}

static bool
no_row(void *arg, const struct msg_row *m)
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

/* What it is that is looked for. */
static int
read_subject(
    const struct command *self, const char *word, struct msg_ask_trace *m)
{
	struct view v = view_of(word);

	if (view_find(v, '@') == v.len) {
		if (id_parse(v, &m->id))
			return EX_OK;
		return command_usage(self,
		    "not a message id, a Message-ID or an address: %s", word);
	}
	if (!view_copy(v, m->text, sizeof(m->text)))
		return command_usage(self, "too long: %s", word);
	return EX_OK;
}

static int
read_option(const struct command *self, const char *name, const char *value,
    struct msg_ask_trace *m)
{
	int64_t span;
	uint64_t n;

	if (strcmp(name, "--since") == 0) {
		if (!span_parse(view_of(value), &span))
			return command_usage(self,
			    "--since takes a time like 90m, 2h or 3d, not %s",
			    value);
		m->since = clock_wall_ms() - span;
		return EX_OK;
	}
	if (strcmp(name, "--limit") != 0)
		return command_usage(self, "unknown argument: %s", name);
	if (!view_u64(view_of(value), &n) || n < 1 || n > ROWS_PIECE)
		return command_usage(self,
		    "--limit takes a number from 1 to %d, not %s", ROWS_PIECE,
		    value);
	m->limit = (uint32_t)n;
	return EX_OK;
}

/* Options and the subject, in any order. */
static int
read_words(const struct command *self, int argc, char *argv[],
    struct msg_ask_trace *m, bool *json)
{
	const char *subject = NULL;
	int code = EX_OK;

	for (int i = 0; i < argc && code == EX_OK; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			*json = true;
		} else if (argv[i][0] == '-' && i + 1 < argc) {
			code = read_option(self, argv[i], argv[i + 1], m);
			i++;
		} else if (strcmp(argv[i], "--since") == 0 ||
			   strcmp(argv[i], "--limit") == 0) {
			code = command_usage(self, "%s of what?", argv[i]);
		} else if (argv[i][0] == '-' || subject != NULL) {
			code = command_usage(
			    self, "unknown argument: %s", argv[i]);
		} else {
			subject = argv[i];
		}
	}
	if (code == EX_OK && subject == NULL)
		code = command_usage(
		    self, "one message id, Message-ID or address, please");
	return code == EX_OK ? read_subject(self, subject, m) : code;
}

static int
finish(struct sink *s, int code, bool more)
{
	story_end(&s->story);
	if (code == EX_OK && s->story.told == 0 && !s->output.closed) {
		fprintf(stderr, "postern trace: no message that matches\n");
		code = EX_USAGE;
	}
	code = output_end(&s->output, code);
	if (more && code == EX_OK)
		fprintf(stderr,
		    "postern trace: the newest %zu; --limit shows more\n",
		    s->story.told);
	return code;
}

int
cmd_trace(
    const struct command *self, const char *control, int argc, char *argv[])
{
	static struct sink sink;
	static const struct ask_past past = { take_message, take_rcpt,
		take_event };
	const struct ask_rows rows = { no_row, take_queued, no_piece, &sink };
	struct msg_ask_trace m = { .limit = USUAL_LIMIT };
	bool more = false;
	struct ask *ask;
	int code;

	code = read_words(self, argc, argv, &m, &sink.story.json);
	if (code == EX_OK)
		code = ask_open_reader(&ask, control);
	if (code != EX_OK)
		return code;
	output_init(&sink.output);
	sink.story.out = &sink.output.text;
	sink.story.utf8 = sink.output.utf8;
	sink.story.width = sink.output.width;
	sink.story.now = clock_wall_ms();
	code = ask_trace(ask, &m, &past, &rows, &more);
	ask_close(ask);
	return finish(&sink, code, more);
}
