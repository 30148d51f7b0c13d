/* SPDX-License-Identifier: ISC */
/* tools/cmd_queue.c - postern queue: what waits. */
#include "common/base/clock.h"
#include "tools/ask.h"
#include "tools/command.h"
#include "tools/filter_words.h"
#include "tools/human.h"
#include "tools/listing.h"
#include "tools/output.h"
#include "tools/overview.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

struct sink {
	struct listing listing;
	struct output output;
	struct overview overview;
	bool count_only, summary;
	uint64_t messages, bytes; /* count_only */
};

static bool
take_row(void *arg, const struct msg_row *m)
{
	struct sink *s = arg;

	if (s->count_only) {
		s->messages++;
		s->bytes += m->size;
		return true;
	}
	listing_row(&s->listing, m);
	return output_flush_if_large(&s->output);
}

static bool
take_rcpt(void *arg, const struct msg_row_rcpt *m)
{
	struct sink *s = arg;

	if (s->count_only)
		return true;
	listing_rcpt(&s->listing, m);
	return output_flush_if_large(&s->output);
}

static bool
take_piece(void *arg)
{
	struct sink *s = arg;

	listing_piece(&s->listing);
	return output_flush(&s->output);
}

/* Options; false: they are wrong, and that was said. */
static bool
read_words(const struct command *self, int argc, char *argv[],
    struct msg_ask_queue *m, struct sink *s)
{
	int64_t now = clock_wall_ms();
	const char *why;

	s->listing.form = LISTING_TABLE;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			s->listing.form = LISTING_JSON;
			continue;
		}
		if (strcmp(argv[i], "--count") == 0) {
			s->count_only = true;
			continue;
		}
		if (strcmp(argv[i], "--summary") == 0) {
			s->summary = true;
			continue;
		}
		switch (filter_read(
		    m, argv[i], i + 1 < argc ? argv[i + 1] : NULL, now, &why)) {
		case FILTER_TAKEN:
			s->listing.filtered = true;
			i++;
			break;
		case FILTER_UNKNOWN:
			command_usage(self, "unknown argument: %s", argv[i]);
			return false;
		case FILTER_WRONG:
			command_usage(self, "%s", why);
			return false;
		}
	}
	if (s->summary && (s->count_only || s->listing.filtered)) {
		command_usage(self, "--summary is of the whole queue");
		return false;
	}
	return true;
}

static void
tell_count(struct sink *s)
{
	char text[HUMAN_TEXT];

	if (s->listing.form == LISTING_JSON)
		buf_printf(&s->output.text,
		    "{\"messages\":%" PRIu64 ",\"bytes\":%" PRIu64 "}\n",
		    s->messages, s->bytes);
	else
		buf_printf(&s->output.text, "%" PRIu64 " message%s, %s\n",
		    s->messages, s->messages == 1 ? "" : "s",
		    human_bytes(s->bytes, text));
}

static bool
take_summary(void *arg, const struct msg_summary *m)
{
	struct sink *s = arg;

	overview_row(&s->overview, m);
	return output_flush_if_large(&s->output);
}

static int
tell_summary(struct sink *s, struct ask *ask)
{
	int code;

	s->overview.out = &s->output.text;
	s->overview.json = s->listing.form == LISTING_JSON;
	s->overview.width = s->output.width;
	s->overview.utf8 = s->output.utf8;
	s->overview.now = clock_wall_ms();
	code = ask_summary(ask, take_summary, s);
	if (code == EX_OK)
		overview_end(&s->overview);
	return code;
}

/* The list, or how long it is. */
static int
tell_list(struct sink *s, struct ask *ask, const struct msg_ask_queue *m)
{
	const struct ask_rows rows = { take_row, take_rcpt, take_piece, s };
	int code;

	s->listing.out = &s->output.text;
	s->listing.width = s->output.width;
	s->listing.utf8 = s->output.utf8;
	s->listing.now = clock_wall_ms();
	code = ask_queue(ask, m, &rows);
	if (code == EX_OK && s->count_only)
		tell_count(s);
	else if (code == EX_OK)
		listing_end(&s->listing);
	return code;
}

int
cmd_queue(
    const struct command *self, const char *control, int argc, char *argv[])
{
	static struct sink sink;
	struct msg_ask_queue question = { 0 };
	struct ask *ask;
	int code;

	if (!read_words(self, argc, argv, &question, &sink))
		return EX_USAGE;
	code = ask_open(&ask, control);
	if (code != EX_OK)
		return code;
	output_init(&sink.output);
	code = sink.summary ? tell_summary(&sink, ask)
			    : tell_list(&sink, ask, &question);
	ask_close(ask);
	return output_end(&sink.output, code);
}
