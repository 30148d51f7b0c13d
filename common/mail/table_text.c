/* SPDX-License-Identifier: ISC */
/* common/mail/table_text.c - the plain text files of recipients and senders.
 *
 * Lines end with LF or CRLF.  What a line cannot mean refuses the whole file:
 * half a table of recipients would refuse the mail of the other half.
 */
#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/utf8.h"
#include "common/mail/idna.h"
#include "common/mail/table.h"

#include <string.h>

/* Reads lines that say something, without their ends and outer blanks. */
struct lines {
	struct view rest;
	unsigned int line;
};

static bool
line_next(struct lines *l, struct view *out)
{
	size_t end;

	while (l->rest.len > 0) {
		end = view_find(l->rest, '\n');
		*out = view_make(l->rest.data, end);
		l->rest = view_skip(l->rest, end + 1);
		l->line++;
		if (out->len > 0 && out->data[out->len - 1] == '\r')
			out->len--;
		*out = view_trim(*out);
		if (out->len > 0 && out->data[0] != '#')
			return true;
	}
	return false;
}

static bool
is_text(struct view v, struct table_error *e, unsigned int line)
{
	bool fine = utf8_valid(v) && !utf8_has_control(v);

	for (size_t i = 0; i < v.len && fine; i++)
		fine = v.data[i] == '\t' ||
		       ((unsigned char)v.data[i] >= ' ' && v.data[i] != 0x7f);
	if (!fine)
		table_error(e, line, "a control character, or no UTF-8");
	return fine;
}

static bool
twice(struct table_error *e, unsigned int line, const char *what,
    unsigned int first)
{
	table_error(
	    e, line, "\"%.100s\" stands in line %u already", what, first);
	return false;
}

/* A word that is an address, or a local part of that domain. */
static bool
address_of(struct view word, const char *domain, struct mailbox *box)
{
	char text[ADDRESS_MAX + 1];
	struct buf whole;
	bool fine;

	if (mailbox_parse(word, box, true))
		return true;
	buf_init(&whole, sizeof(text) - 1);
	buf_add(&whole, word);
	buf_add_string(&whole, "@");
	buf_add_string(&whole, domain);
	fine = buf_ok(&whole) && mailbox_parse(buf_view(&whole), box, true);
	buf_free(&whole);
	return fine;
}

bool
recipients_add(struct table *t, const char *domain, struct view word,
    unsigned int line, struct table_error *e)
{
	struct mailbox box;
	unsigned int first;

	if (!address_of(word, domain, &box)) {
		table_error(e, line, "\"%.*s\" is no address",
		    (int)(word.len > 100 ? 100 : word.len), word.data);
		return false;
	}
	if (!view_is_nocase(view_of(box.domain), domain)) {
		table_error(e, line, "\"%.100s\" is not of the domain %.100s",
		    box.domain, domain);
		return false;
	}
	if (table_add(t, view_of(box.local), line, &first) == NULL)
		return twice(e, line, box.local, first);
	return true;
}

struct table *
recipients_parse(struct view text, const char *domain, struct table_error *e)
{
	struct table *t = table_new();
	struct lines l = { text, 0 };
	struct view line;

	while (line_next(&l, &line))
		if (!is_text(line, e, l.line) ||
		    !recipients_add(t, domain, line, l.line, e)) {
			table_free(t);
			return NULL;
		}
	return t;
}

bool
recipients_has(const struct table *t, const struct mailbox *box)
{
	return table_find(t, view_of(box->local)) != NULL;
}

/* "@domain" or an address, in the one form in which it is asked for. */
static bool
sender_key(struct view word, char out[ADDRESS_MAX + 2])
{
	struct mailbox box;

	if (word.len > 1 && word.data[0] == '@') {
		out[0] = '@';
		return idna_to_ascii(view_skip(word, 1), out + 1);
	}
	if (!mailbox_parse(word, &box, true))
		return false;
	mailbox_print(&box, out);
	return true;
}

/* The address, whose quoted part may hold blanks, off the front of a line. */
static struct view
first_word(struct view *line)
{
	bool quoted = false;
	size_t n = 0;
	struct view word;

	for (; n < line->len; n++) {
		char c = line->data[n];

		if (c == '\\' && quoted && n + 1 < line->len)
			n++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == ' ' || c == '\t'))
			break;
	}
	word = view_make(line->data, n);
	*line = view_trim(view_skip(*line, n));
	return word;
}

static bool
owners_add(struct table_entry *entry, struct view rest, unsigned int line,
    struct table_error *e)
{
	struct view login;

	while ((login = view_word(&rest)).len > 0) {
		if (login.data[login.len - 1] == ',')
			login.len--;
		if (login.len == 0 || view_find(login, ',') < login.len) {
			table_error(e, line, "logins are separated by blanks");
			return false;
		}
		table_value_add(entry, login, 0, line);
	}
	return true;
}

static bool
sender_add(
    struct table *t, struct view line, unsigned int n, struct table_error *e)
{
	struct view word = first_word(&line);
	char key[ADDRESS_MAX + 2];
	struct table_entry *entry;
	unsigned int first;

	if (!sender_key(word, key)) {
		table_error(e, n, "\"%.*s\" is neither an address nor @DOMAIN",
		    (int)(word.len > 100 ? 100 : word.len), word.data);
		return false;
	}
	if (line.len == 0) {
		table_error(e, n, "no login owns \"%.100s\"", key);
		return false;
	}
	entry = table_add(t, view_of(key), n, &first);
	if (entry == NULL)
		return twice(e, n, key, first);
	return owners_add(entry, line, n, e);
}

struct table *
senders_parse(struct view text, struct table_error *e)
{
	struct table *t = table_new();
	struct lines l = { text, 0 };
	struct view line;

	while (line_next(&l, &line))
		if (!is_text(line, e, l.line) ||
		    !sender_add(t, line, l.line, e)) {
			table_free(t);
			return NULL;
		}
	return t;
}

bool
senders_allow(
    const struct table *t, const struct mailbox *box, struct view login)
{
	char key[ADDRESS_MAX + 2] = "@";
	const struct table_entry *e;
	const struct table_value *v;

	mailbox_print(box, key + 1);
	e = table_find(t, view_of(key + 1));
	if (e == NULL) {
		strlcpy(key + 1, box->domain, sizeof(key) - 1);
		e = table_find(t, view_of(key));
	}
	if (e == NULL)
		return false;
	for (v = e->values; v != NULL; v = v->next)
		if (view_is(login, v->text))
			return true;
	return false;
}
