/* SPDX-License-Identifier: ISC */
/* common/mail/aliases.c - reads a file in the form of aliases(5).
 *
 * Must not open what a target names.  Where the grammar of the others is
 * vague, a line that could mean two things is refused with its number.
 */
#include "common/mail/aliases.h"

#include "common/base/alloc.h"
#include "common/base/utf8.h"

#include <string.h>

struct reader {
	struct table *table;
	struct table_entry *entry; /* whose targets come */
	struct view rest;          /* of the text */
	unsigned int line;
	bool wants; /* a target must follow: after ":" or "," */
	struct table_error *error;
};

static bool
refuse(struct reader *r, const char *why, struct view what)
{
	table_error(r->error, r->line, "\"%.*s\" %s",
	    (int)(what.len > 100 ? 100 : what.len), what.data, why);
	return false;
}

/* The next line without its end; an LF or CRLF, or the end of the file. */
static bool
line_take(struct reader *r, struct view *out)
{
	size_t end = view_find(r->rest, '\n');

	if (r->rest.len == 0)
		return false;
	*out = view_make(r->rest.data, end);
	r->rest = view_skip(r->rest, end + 1);
	r->line++;
	if (out->len > 0 && out->data[out->len - 1] == '\r')
		out->len--;
	return true;
}

static bool
is_text(struct reader *r, struct view v)
{
	bool fine = utf8_valid(v) && !utf8_has_control(v);

	for (size_t i = 0; i < v.len && fine; i++)
		fine = v.data[i] == '\t' ||
		       ((unsigned char)v.data[i] >= ' ' && v.data[i] != 0x7f);
	if (!fine)
		table_error(
		    r->error, r->line, "a control character, or no UTF-8");
	return fine;
}

/* Bytes up to one of these outside of quotes; v.len when there is none. */
static size_t
find_bare(struct view v, char wanted)
{
	bool quoted = false;
	size_t i = 0;

	for (; i < v.len && (quoted || v.data[i] != wanted); i++)
		if (v.data[i] == '\\')
			i++;
		else if (v.data[i] == '"')
			quoted = !quoted;
	return i < v.len ? i : v.len;
}

/* A local part, quoted or not, through the one parser of addresses. */
static bool
local_read(struct view v, char out[LOCAL_MAX + 1])
{
	char text[PATH_MAX_BYTES + 8];
	struct mailbox box;
	size_t n = v.len;

	if (n == 0 || n > PATH_MAX_BYTES - 8)
		return false;
	memcpy(text, v.data, n);
	memcpy(text + n, "@x.x", 4);
	if (!mailbox_parse(view_make(text, n + 4), &box, true) ||
	    strcmp(box.domain, "x.x") != 0)
		return false;
	memcpy(out, box.local, LOCAL_MAX + 1);
	return true;
}

/* "<address>", as others allow it; a name may stand in front of it. */
static struct view
unwrap(struct view v)
{
	size_t open = find_bare(v, '<');

	if (open == v.len || v.data[v.len - 1] != '>')
		return v;
	v = view_make(v.data + open + 1, v.len - open - 2);
	return view_trim(v);
}

static bool
is_unsupported(struct view v)
{
	if (v.len > 1 && v.data[0] == '"')
		v = view_skip(v, 1);
	return v.len > 0 &&
	       (v.data[0] == '|' || v.data[0] == '/' || v.data[0] == ':');
}

static bool
target_add(struct reader *r, struct view v)
{
	char text[ADDRESS_MAX + 1];
	struct mailbox box;
	bool final;

	if (is_unsupported(v)) {
		table_value_add(r->entry, v, ALIAS_UNSUPPORTED, r->line);
		return true;
	}
	v = unwrap(v);
	if (mailbox_parse(v, &box, true)) {
		mailbox_print(&box, text);
		table_value_add(
		    r->entry, view_of(text), ALIAS_ADDRESS, r->line);
		return true;
	}
	final = v.len > 0 && v.data[0] == '\\';
	if (!local_read(final ? view_skip(v, 1) : v, text))
		return refuse(r, "is no address", v);
	table_value_add(
	    r->entry, view_of(text), final ? ALIAS_FINAL : ALIAS_NAME, r->line);
	return true;
}

/* A line's targets; the last may be left open by a comma for the next. */
static bool
targets_read(struct reader *r, struct view v)
{
	size_t end;

	v = view_trim(v);
	if (v.len > 0 && !r->wants && r->entry->values != NULL &&
	    v.data[0] != ',')
		return refuse(r, "follows without a comma", v);
	if (v.len > 0 && v.data[0] == ',' && !r->wants)
		v = view_trim(view_skip(v, 1));
	while (v.len > 0) {
		end = find_bare(v, ',');
		r->wants = end < v.len;
		if (view_trim(view_make(v.data, end)).len == 0)
			return refuse(r, "has a comma too many", v);
		if (!target_add(r, view_trim(view_make(v.data, end))))
			return false;
		v = view_trim(view_skip(v, end + 1));
	}
	return true;
}

/* Some end a list with a comma; what is behind it is nothing. */
static bool
entry_over(struct reader *r)
{
	if (r->entry == NULL || r->entry->values != NULL)
		return true;
	r->line = r->entry->line;
	return refuse(r, "has no address", view_of(r->entry->key));
}

static bool
entry_begin(struct reader *r, struct view line)
{
	char name[LOCAL_MAX + 1];
	size_t colon = find_bare(line, ':');
	struct view v = view_trim(view_make(line.data, colon));
	unsigned int first, here = r->line;

	if (!entry_over(r))
		return false;
	r->line = here;
	if (colon == line.len)
		return refuse(r, "has no colon", line);
	if (!local_read(v, name))
		return refuse(r, "is no name of an alias: a local part", v);
	r->entry = table_add(r->table, view_of(name), r->line, &first);
	if (r->entry == NULL) {
		table_error(r->error, r->line,
		    "\"%s\" stands in line %u already", name, first);
		return false;
	}
	r->wants = true;
	return targets_read(r, view_skip(line, colon + 1));
}

static bool
line_read(struct reader *r, struct view line)
{
	struct view inner = view_trim(line);

	if (inner.len == 0 || inner.data[0] == '#')
		return true;
	if (!is_text(r, line))
		return false;
	if (line.data[0] != ' ' && line.data[0] != '\t')
		return entry_begin(r, inner);
	if (r->entry == NULL)
		return refuse(r, "continues nothing", inner);
	return targets_read(r, inner);
}

struct table *
aliases_parse(struct view text, struct table_error *e)
{
	struct reader r = { .table = table_new(), .rest = text, .error = e };
	struct view line;
	bool fine = true;

	while (fine && line_take(&r, &line))
		fine = line_read(&r, line);
	if (fine && entry_over(&r))
		return r.table;
	table_free(r.table);
	return NULL;
}

struct search {
	size_t left;
	const struct table_value *found;
};

static void
seek_unsupported(struct table_entry *e, void *arg)
{
	struct search *s = arg;

	for (struct table_value *v = e->values; v != NULL; v = v->next)
		if (v->kind == ALIAS_UNSUPPORTED && s->found == NULL &&
		    s->left-- == 0)
			s->found = v;
}

bool
aliases_unsupported(
    const struct table *t, size_t n, unsigned int *line, const char **text)
{
	struct search s = { n, NULL };

	table_each(t, seek_unsupported, &s);
	if (s.found == NULL)
		return false;
	*line = s.found->line;
	*text = s.found->text;
	return true;
}
