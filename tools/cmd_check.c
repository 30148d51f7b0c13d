/* SPDX-License-Identifier: ISC */
/* tools/cmd_check.c - postern check: what is wrong with the spool.
 *
 * Exit 0: nothing; 1: something was found; else the check itself failed.
 */
#include "common/base/alloc.h"
#include "common/base/id.h"
#include "tools/ask.h"
#include "tools/command.h"
#include "tools/human.h"
#include "tools/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { COLUMN_KIND = 12, COLUMN_ID = 14, FOUND = 1 };

struct sink {
	struct output output;
	bool json;
	uint64_t findings;
};

static const char *const kinds[] = {
	[0] = "unknown",
	[FINDING_QUARANTINED] = "quarantined",
	[FINDING_ROW] = "row",
	[FINDING_BODY] = "body",
	[FINDING_ORPHAN] = "orphan",
	[FINDING_FOREIGN] = "foreign",
	[FINDING_DATABASE] = "database",
	[FINDING_SPACE] = "space",
};

static void
as_json(struct buf *out, const struct msg_finding *m, const char *kind)
{
	char id[ID_TEXT];

	buf_printf(out, "{\"kind\":\"%s\"", kind);
	if (m->id != 0)
		buf_printf(out, ",\"id\":\"%s\"", id_print(m->id, id));
	if (m->group != 0)
		buf_printf(out, ",\"group\":%" PRIu32, m->group);
	if (m->name[0] != '\0') {
		buf_add_string(out, ",\"name\":");
		human_json(out, view_of(m->name));
	}
	buf_add_string(out, ",\"text\":");
	human_json(out, view_of(m->text));
	buf_add_string(out, "}\n");
}

static void
as_line(struct output *o, const struct msg_finding *m, const char *kind)
{
	char id[ID_TEXT] = "";

	if (m->id != 0)
		id_print(m->id, id);
	buf_printf(&o->text, "%-*s ", COLUMN_KIND, kind);
	if (m->name[0] != '\0')
		human_text(&o->text, view_of(m->name), 0, o->utf8);
	else
		buf_printf(&o->text, "%-*s", COLUMN_ID, id);
	buf_add_string(&o->text, m->name[0] != '\0' ? ": " : " ");
	human_text(&o->text, view_of(m->text), 0, o->utf8);
	buf_add_string(&o->text, "\n");
}

static bool
take_finding(void *arg, const struct msg_finding *m)
{
	struct sink *s = arg;
	const char *kind = kinds[m->kind < nitems(kinds) ? m->kind : 0];

	s->findings++;
	if (s->json)
		as_json(&s->output.text, m, kind);
	else
		as_line(&s->output, m, kind);
	return output_flush(&s->output);
}

static void
take_sum(struct sink *s, const struct msg_checked *m)
{
	if (!s->json)
		buf_printf(&s->output.text,
		    "%" PRIu64 " rows and %" PRIu64 " files looked at: %" PRIu64
		    " finding%s\n",
		    m->rows, m->files, s->findings,
		    s->findings == 1 ? "" : "s");
}

int
cmd_check(
    const struct command *self, const char *control, int argc, char *argv[])
{
	static struct sink sink;
	struct msg_checked sum = { 0 };
	bool full = false;
	struct ask *ask;
	int code;

	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0)
			sink.json = true;
		else if (strcmp(argv[i], "--full") == 0)
			full = true;
		else
			return command_usage(
			    self, "unknown argument: %s", argv[i]);
	code = ask_open(&ask, control);
	if (code != EX_OK)
		return code;
	output_init(&sink.output);
	code = ask_check(ask, full, take_finding, &sink, &sum);
	ask_close(ask);
	if (code == EX_OK)
		take_sum(&sink, &sum);
	if (code == EX_OK && sink.findings > 0)
		code = FOUND;
	return output_end(&sink.output, code);
}
