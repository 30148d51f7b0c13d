/* SPDX-License-Identifier: ISC */
/* common/mail/mailbox.c - the only parser and printer of addresses.
 *
 * Must not interpret a local part: to whom it means something is the business
 * of the host in the domain.
 */
#include "common/mail/mailbox.h"

#include "common/base/utf8.h"
#include "common/mail/idna.h"

#include <string.h>

/* A bounded writer into a member of struct mailbox. */
struct text {
	char *data;
	size_t len;
	size_t max;
};

static bool
text_add(struct text *t, char c)
{
	if (t->len == t->max)
		return false;
	t->data[t->len++] = c;
	t->data[t->len] = '\0';
	return true;
}

/* RFC 5322 atext; bytes above 127 are judged as UTF-8 as a whole, later. */
static bool
is_atext(char c)
{
	return ascii_is_alnum(c) || (unsigned char)c > 127 ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* What may stand in quotes: printable, or a space (RFC 5321 qtextSMTP). */
static bool
is_quotable(char c)
{
	return (unsigned char)c >= ' ' && c != 0x7f;
}

static bool
parse_quoted(struct view *rest, struct text *local)
{
	struct view v = view_skip(*rest, 1);

	while (v.len > 0 && v.data[0] != '"') {
		if (v.data[0] == '\\')
			v = view_skip(v, 1);
		if (v.len == 0 || !is_quotable(v.data[0]) ||
		    !text_add(local, v.data[0]))
			return false;
		v = view_skip(v, 1);
	}
	if (v.len == 0)
		return false;
	*rest = view_skip(v, 1);
	/* the grammar has "" as a local part; nothing known wants it */
	return local->len > 0;
}

static bool
parse_dot_string(struct view *rest, struct text *local)
{
	struct view v = *rest;
	bool dot = true; /* one here would stand at the start, or be doubled */

	while (v.len > 0 && (is_atext(v.data[0]) || v.data[0] == '.')) {
		if (v.data[0] == '.' && dot)
			return false;
		dot = v.data[0] == '.';
		if (!text_add(local, v.data[0]))
			return false;
		v = view_skip(v, 1);
	}
	*rest = v;
	return !dot;
}

static bool
parse_local(struct view *rest, struct mailbox *m)
{
	struct text local = { m->local, 0, LOCAL_MAX };

	if (rest->len > 0 && rest->data[0] == '"')
		return parse_quoted(rest, &local);
	return parse_dot_string(rest, &local);
}

/* The bytes of a domain or literal at the front, unjudged. */
static size_t
domain_length(struct view v)
{
	size_t n = 0;

	if (v.len > 0 && v.data[0] == '[') {
		n = view_find(v, ']');
		return n < v.len ? n + 1 : n;
	}
	while (n < v.len && strchr("<>@,:\" ", v.data[n]) == NULL)
		n++;
	return n;
}

static bool
literal_read(struct view v, char out[DOMAIN_MAX + 1])
{
	struct ip ip;

	return domain_literal_ip(v, &ip) && domain_normalise(v, out);
}

/* A final dot is not in the grammar of a path, but it is common. */
static bool
name_read(struct view v, char out[DOMAIN_MAX + 1], bool utf8)
{
	return (utf8 || view_is_ascii(v)) && idna_to_ascii(v, out);
}

/*
 * A domain at the front of *rest.  Of the literals only IP addresses are
 * taken: nobody registered another kind, and nothing could be sent there.
 */
static bool
parse_domain(struct view *rest, char out[DOMAIN_MAX + 1], bool utf8)
{
	struct view v = view_make(rest->data, domain_length(*rest));

	if (!(domain_is_literal(v) ? literal_read(v, out)
				   : name_read(v, out, utf8)))
		return false;
	*rest = view_skip(*rest, v.len);
	return true;
}

/* Non-ASCII only when RFC 6531 is in force, and then well-formed. */
static bool
charset_fits(struct view v, bool utf8)
{
	return view_is_ascii(v) ||
	       (utf8 && utf8_valid(v) && !utf8_has_control(v));
}

/* A-labels may be longer than the name was; what a path cannot carry on is
 * refused here, not at the next hop. */
static bool
fits_in_path(const struct mailbox *m)
{
	char text[ADDRESS_MAX + 1];

	return strlen(mailbox_print(m, text)) <= PATH_MAX_BYTES - 2;
}

static bool
parse_address(struct view *rest, struct mailbox *m, bool utf8)
{
	struct view domain;

	memset(m, 0, sizeof(*m));
	if (!parse_local(rest, m) || rest->len == 0 || rest->data[0] != '@')
		return false;
	*rest = view_skip(*rest, 1);
	domain = *rest;
	if (!charset_fits(view_of(m->local), utf8) ||
	    !parse_domain(rest, m->domain, utf8))
		return false;
	domain.len -= rest->len;
	return view_is_ascii(domain) || fits_in_path(m);
}

bool
mailbox_parse(struct view v, struct mailbox *m, bool utf8)
{
	bool ok;

	/* the same address in a path has the two brackets on top */
	ok = v.len <= PATH_MAX_BYTES - 2 && parse_address(&v, m, utf8) &&
	     v.len == 0;
	if (!ok)
		memset(m, 0, sizeof(*m));
	return ok;
}

/* "@one,@two:" before the mailbox: checked in form, then forgotten. */
static bool
skip_source_route(struct view *v, bool utf8)
{
	char domain[DOMAIN_MAX + 1];

	for (;;) {
		if (v->len == 0 || v->data[0] != '@')
			return false;
		*v = view_skip(*v, 1);
		if (!parse_domain(v, domain, utf8) || v->len == 0)
			return false;
		if (v->data[0] == ':')
			break;
		if (v->data[0] != ',')
			return false;
		*v = view_skip(*v, 1);
	}
	*v = view_skip(*v, 1);
	return true;
}

/* A path with a mailbox in it. */
static bool
parse_path(struct view *rest, struct mailbox *m, bool utf8)
{
	struct view v = view_skip(*rest, 1);

	if (rest->len == 0 || rest->data[0] != '<')
		return false;
	if (v.len > 0 && v.data[0] == '@' && !skip_source_route(&v, utf8))
		return false;
	if (!parse_address(&v, m, utf8) || v.len == 0 || v.data[0] != '>')
		return false;
	v = view_skip(v, 1);
	if (rest->len - v.len > PATH_MAX_BYTES)
		return false;
	*rest = v;
	return true;
}

static bool
path_or_nothing(struct view *rest, struct mailbox *m, bool utf8)
{
	if (parse_path(rest, m, utf8))
		return true;
	memset(m, 0, sizeof(*m));
	return false;
}

bool
path_parse_reverse(struct view *rest, struct mailbox *m, bool *null, bool utf8)
{
	*null = view_starts_nocase(*rest, "<>");
	if (!*null)
		return path_or_nothing(rest, m, utf8);
	memset(m, 0, sizeof(*m));
	*rest = view_skip(*rest, 2);
	return true;
}

bool
path_parse_forward(struct view *rest, struct mailbox *m, bool utf8)
{
	if (!view_starts_nocase(*rest, "<postmaster>"))
		return path_or_nothing(rest, m, utf8);
	memset(m, 0, sizeof(*m));
	memcpy(m->local, rest->data + 1, strlen("postmaster"));
	*rest = view_skip(*rest, strlen("<postmaster>"));
	return true;
}

/* It is a dot-string as it stands. */
static bool
needs_no_quotes(const char *local)
{
	char copy[LOCAL_MAX + 1];
	struct text t = { copy, 0, LOCAL_MAX };
	struct view v = view_of(local);

	return parse_dot_string(&v, &t) && v.len == 0;
}

static void
print_local(const char *local, struct text *out)
{
	bool bare = needs_no_quotes(local);

	if (!bare)
		text_add(out, '"');
	for (; *local != '\0'; local++) {
		if (*local == '"' || *local == '\\')
			text_add(out, '\\');
		text_add(out, *local);
	}
	if (!bare)
		text_add(out, '"');
}

const char *
mailbox_print(const struct mailbox *m, char out[ADDRESS_MAX + 1])
{
	struct text t = { out, 0, ADDRESS_MAX };

	out[0] = '\0';
	if (mailbox_is_null(m))
		return out;
	print_local(m->local, &t);
	if (m->domain[0] != '\0')
		text_add(&t, '@');
	for (const char *p = m->domain; *p != '\0'; p++)
		text_add(&t, *p);
	return out;
}

bool
mailbox_eq(const struct mailbox *a, const struct mailbox *b)
{
	return strcmp(a->local, b->local) == 0 &&
	       strcmp(a->domain, b->domain) == 0;
}

bool
mailbox_is_null(const struct mailbox *m)
{
	return m->local[0] == '\0' && m->domain[0] == '\0';
}

bool
mailbox_needs_utf8(const struct mailbox *m)
{
	return !view_is_ascii(view_of(m->local));
}
