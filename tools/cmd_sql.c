/* SPDX-License-Identifier: ISC */
/* tools/cmd_sql.c - postern sql: the queue and its history, asked in SQL.
 *
 * The answer is gathered before any of it is written, so that a reader who
 * takes his time (a pager) keeps no postern-reader from the next question.
 */
#include "common/base/alloc.h"
#include "tools/ask.h"
#include "tools/command.h"
#include "tools/grid.h"
#include "tools/output.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

struct sink {
	struct grid grid;
	struct output output;
	bool odd; /* what came is no answer */
};

static bool
take_cell(void *arg, const struct msg_sql_cell *m)
{
	struct sink *s = arg;

	s->odd = !grid_cell(&s->grid, m);
	return !s->odd;
}

static bool
put_line(void *arg, struct view line)
{
	struct sink *s = arg;

	buf_add(&s->output.text, line);
	return output_flush_if_large(&s->output);
}

int
cmd_sql(const struct command *self, const char *control, int argc, char *argv[])
{
	static struct sink sink;
	static struct msg_ask_sql m;
	bool json = argc > 0 && strcmp(argv[0], "--json") == 0;
	struct ask *ask;
	int code;

	if (argc - json != 1)
		return command_usage(self, "one statement, please, in quotes");
	/* "-- a comment" may begin one */
	if (argv[json][0] == '-' && strpbrk(argv[json], " \t\n") == NULL)
		return command_usage(self, "unknown argument: %s", argv[json]);
	if (!view_copy(view_of(argv[json]), m.text, sizeof(m.text)))
		return command_usage(self,
		    "a statement of at most %d bytes, please", SQL_TEXT_MAX);
	code = ask_open_reader(&ask, control);
	if (code != EX_OK)
		return code;
	output_init(&sink.output);
	grid_init(&sink.grid);
	code = ask_sql(ask, &m, take_cell, &sink);
	ask_close(ask);
	if (sink.odd) {
		fprintf(stderr, "postern: postern-report: no such answer\n");
		code = EX_PROTOCOL;
	} else if (json) {
		grid_json(&sink.grid, put_line, &sink);
	} else {
		grid_table(&sink.grid, sink.output.width, sink.output.utf8,
		    put_line, &sink);
	}
	grid_free(&sink.grid);
	return output_end(&sink.output, code);
}
