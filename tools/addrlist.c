/* SPDX-License-Identifier: ISC */
/* tools/addrlist.c - the addresses in a header field or an argument.
 *
 * Reads character by character and keeps one address in hand; nothing is
 * guessed: what does not read as an address is handed on as it stands, and
 * refused by the mailbox parser with its name.
 */
#include "tools/addrlist.h"

#include "common/base/buf.h"

struct reader {
	struct view in;
	struct buf spec; /* the address in hand */
	bool in_angle;   /* between < and > */
	bool angle;      /* it came in < > */
	bool gap;        /* blanks or a comment before what comes */
	bool has_domain;
	addrlist_found *found;
	void *arg;
};

static void
reset(struct reader *r)
{
	buf_clear(&r->spec);
	r->in_angle = r->angle = r->gap = r->has_domain = false;
}

static void
emit(struct reader *r)
{
	if (r->angle || r->spec.len > 0)
		r->found(r->arg, buf_view(&r->spec), r->has_domain);
	reset(r);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_joint(char c)
{
	return c == '.' || c == '@';
}

/* Two words side by side are no address: a blank keeps them apart. */
static void
part_words(struct reader *r, char next)
{
	bool word = r->spec.len > 0 &&
		    !is_joint(r->spec.data[r->spec.len - 1]) && !is_joint(next);

	if (r->gap && word)
		buf_add(&r->spec, view_make(" ", 1));
	r->gap = false;
}

static const char *
skip_comment(struct reader *r)
{
	size_t depth = 0;

	for (; r->in.len > 0; r->in = view_skip(r->in, 1)) {
		char c = r->in.data[0];

		if (c == '\\')
			r->in = view_skip(r->in, 1);
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			break;
	}
	if (r->in.len == 0)
		return "a comment without its )";
	r->in = view_skip(r->in, 1);
	r->gap = true;
	return NULL;
}

/* Copies up to and with `end`; folds are undone. */
static const char *
copy_quoted(struct reader *r, char end, const char *wrong)
{
	part_words(r, r->in.data[0]);
	for (size_t i = 0; i < r->in.len; i++) {
		char c = r->in.data[i];

		if (c != '\r' && c != '\n')
			buf_add(&r->spec, view_make(&c, 1));
		if (c == '\\' && i + 1 < r->in.len) {
			i++;
			buf_add(&r->spec, view_make(&r->in.data[i], 1));
		} else if (c == end && i > 0) {
			r->in = view_skip(r->in, i + 1);
			return NULL;
		}
	}
	return wrong;
}

static const char *
open_angle(struct reader *r)
{
	if (r->angle)
		return "two addresses without a comma between";
	reset(r);
	r->in_angle = r->angle = true;
	return NULL;
}

static const char *
take_special(struct reader *r, char c)
{
	switch (c) {
	case '<':
		return open_angle(r);
	case '>':
		if (!r->in_angle)
			return "a > without its <";
		r->in_angle = false;
		return NULL;
	case ',': /* inside < > part of a route, which the colon ends */
		if (!r->in_angle)
			emit(r);
		return NULL;
	case ';':
		if (r->in_angle)
			return "a ; within < >";
		emit(r);
		return NULL;
	case ':': /* the end of a source route, or of a group's name */
		buf_clear(&r->spec);
		r->has_domain = r->gap = false;
		return NULL;
	case ')':
		return "a ) without its (";
	default:
		break;
	}
	return NULL;
}

static bool
is_special(char c)
{
	return c == '<' || c == '>' || c == ',' || c == ';' || c == ':' ||
	       c == ')';
}

static const char *
take(struct reader *r)
{
	char c = r->in.data[0];

	if (c == '(')
		return skip_comment(r);
	if (c == '"')
		return copy_quoted(r, '"', "a quotation without its end");
	if (c == '[' && r->spec.len > 0 && r->spec.data[r->spec.len - 1] == '@')
		return copy_quoted(r, ']', "a [ without its ]");
	r->in = view_skip(r->in, 1);
	if (is_special(c))
		return take_special(r, c);
	if (is_blank(c)) {
		r->gap = true;
		return NULL;
	}
	if (r->angle && !r->in_angle)
		return "words behind a >";
	part_words(r, c);
	r->has_domain = r->has_domain || c == '@';
	buf_add(&r->spec, view_make(&c, 1));
	return NULL;
}

const char *
addrlist_each(struct view list, addrlist_found *found, void *arg)
{
	struct reader r = { .in = list, .found = found, .arg = arg };
	const char *wrong = NULL;

	buf_init(&r.spec, ADDRLIST_SPEC_MAX);
	while (r.in.len > 0 && wrong == NULL) {
		wrong = take(&r);
		if (wrong == NULL && !buf_ok(&r.spec))
			wrong = "an address that is too long";
	}
	if (wrong == NULL && r.in_angle)
		wrong = "a < without its >";
	if (wrong == NULL)
		emit(&r);
	buf_free(&r.spec);
	return wrong;
}
