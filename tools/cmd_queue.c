/* SPDX-License-Identifier: ISC */
/* tools/cmd_queue.c - postern queue: what waits. */
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
	return output_flush_if_large(&s->output);
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
	struct sink *s = arg;

	listing_piece(&s->listing);
	return output_flush(&s->output);
}

int
cmd_queue(
    const struct command *self, const char *control, int argc, char *argv[])
{
	static struct sink sink;
	const struct ask_rows rows = { take_row, take_rcpt, take_piece, &sink };
	struct ask *ask;
	int code;

	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--json") != 0)
			return command_usage(
			    self, "unknown argument: %s", argv[i]);
	code = ask_open(&ask, control);
	if (code != EX_OK)
		return code;
	output_init(&sink.output);
	sink.listing.out = &sink.output.text;
	sink.listing.form = argc > 0 ? LISTING_JSON : LISTING_TABLE;
	sink.listing.width = sink.output.width;
	sink.listing.utf8 = sink.output.utf8;
	sink.listing.now = clock_wall_ms();
	code = ask_queue(ask, &rows);
	ask_close(ask);
	if (code == EX_OK)
		listing_end(&sink.listing);
	return output_end(&sink.output, code);
}
