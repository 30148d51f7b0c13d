/* SPDX-License-Identifier: ISC */
/* tools/command.c - what the subcommands share. */
#include "tools/command.h"

#include "common/base/alloc.h"
#include "common/base/id.h"
#include "tools/human.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { WORD_MAX = 32, WRONG_MAX = 1024 };

int
command_usage(const struct command *c, const char *fmt, ...)
{
	char text[WRONG_MAX];
	struct buf shown;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_init(&shown, 8 * sizeof(text));
	human_text(&shown, view_of(text), 0, false);
	fprintf(stderr,
	    "postern %s: %s\n"
	    "usage: postern %s %s\n",
	    c->name, buf_string(&shown), c->name, c->arguments);
	buf_free(&shown);
	return EX_USAGE;
}

bool
command_id(const struct command *c, const char *word, uint64_t *id)
{
	if (id_parse(view_of(word), id))
		return true;
	command_usage(c, "not a message id: %s", word);
	return false;
}

static size_t
least(size_t a, size_t b, size_t c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

size_t
command_distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], len = strlen(b);

	if (len > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t above = row[j];
			size_t swap = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] =
			    least(above + 1, row[j - 1] + 1, corner + swap);
			corner = above;
		}
	}
	return row[len];
}
