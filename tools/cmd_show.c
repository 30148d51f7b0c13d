/* SPDX-License-Identifier: ISC */
/* tools/cmd_show.c - postern show: all about single messages. */
#include "common/base/clock.h"
#include "tools/ask.h"
#include "tools/command.h"
#include "tools/listing.h"
#include "tools/output.h"

#include <string.h>
#include <sysexits.h>

struct sink {
	struct listing listing;
	struct output output;
};

static bool
take_row(void *arg, const struct msg_row *m)
{
	struct sink *s = arg;

	listing_row(&s->listing, m);
	return true;
}

static bool
take_rcpt(void *arg, const struct msg_row_rcpt *m)
{
	struct sink *s = arg;

	listing_rcpt(&s->listing, m);
	return output_flush_if_large(&s->output);
}

static bool
take_piece(void *arg)
{
	(void)arg;
	return true;
}

int
cmd_show(
    const struct command *self, const char *control, int argc, char *argv[])
{
	static struct sink sink;
	const struct ask_rows rows = { take_row, take_rcpt, take_piece, &sink };
	const char *word = NULL;
	bool json = false;
	struct ask *ask;
	uint64_t id;
	int code;

	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (argv[i][0] == '-')
			return command_usage(
			    self, "unknown argument: %s", argv[i]);
		else if (word != NULL)
			return command_usage(self, "one message id, please");
		else
			word = argv[i];
	if (word == NULL)
		return command_usage(self, "one message id, please");
	if (!command_id(self, word, &id))
		return EX_USAGE;
	code = ask_open_reader(&ask, control);
	if (code != EX_OK)
		return code;
	output_init(&sink.output);
	sink.listing.out = &sink.output.text;
	sink.listing.form = json ? LISTING_JSON : LISTING_FULL;
	sink.listing.utf8 = sink.output.utf8;
	sink.listing.now = clock_wall_ms();
	code = ask_show(ask, id, &rows);
	ask_close(ask);
	listing_end(&sink.listing);
	return output_end(&sink.output, code);
}
