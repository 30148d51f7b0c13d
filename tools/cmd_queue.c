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
#include "tools/sorted.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

struct sink {
	struct listing listing;
	struct output output;
	struct overview overview;
	bool count_only, summary;
	uint64_t messages, bytes; /* count_only */
	struct sorted sorted;
	struct buf text; /* of one message, when they are sorted */
};

static bool
is_sorted(const struct sink *s)
{
	return s->sorted.key != SORT_NONE;
}

/* The message under way is complete. */
static void
end_message(struct sink *s)
{
	bool any = s->listing.open;

	listing_piece(&s->listing);
	if (any)
		sorted_add(&s->sorted, buf_view(&s->text));
	buf_clear(&s->text);
}

static bool
take_row_sorted(struct sink *s, const struct msg_row *m)
{
	bool first = s->listing.messages == 0;

	end_message(s);
	listing_row(&s->listing, m);
	if (first && s->listing.form == LISTING_TABLE) {
		buf_add(&s->output.text, buf_view(&s->text)); /* the heads */
		buf_clear(&s->text);
	}
	sorted_row(&s->sorted, m);
	return true;
}

static bool
take_row(void *arg, const struct msg_row *m)
{
	struct sink *s = arg;

	if (s->count_only) {
		s->messages++;
		s->bytes += m->size;
		return true;
	}
	if (is_sorted(s))
		return take_row_sorted(s, m);
	if (s->sorted.limit > 0 && s->listing.messages == s->sorted.limit)
		return false; /* enough */
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
	if (is_sorted(s)) {
		sorted_rcpt(&s->sorted, m);
		return true;
	}
	return output_flush_if_large(&s->output);
}

static bool
take_piece(void *arg)
{
	struct sink *s = arg;

	if (is_sorted(s)) {
		end_message(s);
		return true;
	}
	listing_piece(&s->listing);
	return output_flush(&s->output);
}

static bool
write_sorted(void *arg, struct view text)
{
	struct sink *s = arg;

	buf_add(&s->output.text, text);
	return output_flush_if_large(&s->output);
}

static enum filter_word
read_order(
    struct sink *s, const char *word, const char *value, const char **why)
{
	uint64_t n;

	if (strcmp(word, "--sort") == 0) {
		s->sorted.key = value == NULL ? SORT_NONE : sorted_key(value);
		*why = "--sort takes age, size, next, attempts, sender, "
		       "recipient or destination";
		return s->sorted.key == SORT_NONE ? FILTER_WRONG : FILTER_TAKEN;
	}
	if (strcmp(word, "--limit") != 0)
		return FILTER_UNKNOWN;
	*why = "--limit takes a number of messages, at least 1";
	if (value == NULL || !view_u64(view_of(value), &n) || n == 0 ||
	    n > SIZE_MAX)
		return FILTER_WRONG;
	s->sorted.limit = (size_t)n;
	return FILTER_TAKEN;
}

static bool
read_flag(struct sink *s, const char *word)
{
	if (strcmp(word, "--json") == 0)
		s->listing.form = LISTING_JSON;
	else if (strcmp(word, "--count") == 0)
		s->count_only = true;
	else if (strcmp(word, "--summary") == 0)
		s->summary = true;
	else if (strcmp(word, "--reverse") == 0)
		s->sorted.reverse = true;
	else
		return false;
	return true;
}

/* Why these do not go together, or NULL. */
static const char *
contradiction(const struct sink *s)
{
	bool ordered = is_sorted(s) || s->sorted.limit > 0;

	if (s->summary && (s->count_only || s->listing.filtered))
		return "--summary is of the whole queue";
	if (ordered && (s->summary || s->count_only))
		return "--sort, --reverse and --limit are for a list";
	return NULL;
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
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		enum filter_word word;

		if (read_flag(s, argv[i]))
			continue;
		word = read_order(s, argv[i], value, &why);
		if (word == FILTER_UNKNOWN) {
			word = filter_read(m, argv[i], value, now, &why);
			if (word == FILTER_TAKEN)
				s->listing.filtered = true;
		}
		switch (word) {
		case FILTER_TAKEN:
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
	if (s->sorted.reverse && !is_sorted(s))
		s->sorted.key = SORT_AGE;
	why = contradiction(s);
	if (why != NULL)
		command_usage(self, "%s", why);
	return why == NULL;
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

static void
end_list(struct sink *s)
{
	if (is_sorted(s)) {
		end_message(s);
		sorted_write(&s->sorted, write_sorted, s);
		s->listing.out = &s->output.text;
	}
	listing_end(&s->listing);
}

/* The list, or how long it is. */
static int
tell_list(struct sink *s, struct ask *ask, struct msg_ask_queue *m)
{
	const struct ask_rows rows = { take_row, take_rcpt, take_piece, s };
	int code;

	buf_init(&s->text, SIZE_MAX);
	s->listing.out = is_sorted(s) ? &s->text : &s->output.text;
	s->listing.width = s->output.width;
	s->listing.utf8 = s->output.utf8;
	s->listing.now = clock_wall_ms();
	m->brief = s->count_only ||
		   (s->listing.form == LISTING_TABLE && !is_sorted(s));
	code = ask_queue(ask, m, &rows);
	if (code == EX_OK && s->count_only)
		tell_count(s);
	else if (code == EX_OK)
		end_list(s);
	buf_free(&s->text);
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
	code = ask_open_reader(&ask, control);
	if (code != EX_OK)
		return code;
	output_init(&sink.output);
	code = sink.summary ? tell_summary(&sink, ask)
			    : tell_list(&sink, ask, &question);
	ask_close(ask);
	return output_end(&sink.output, code);
}
