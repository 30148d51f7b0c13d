/* SPDX-License-Identifier: ISC */
/* common/conf/lex.c - cuts the configuration file into words. */
#include "common/conf/lex.h"

#include "common/base/utf8.h"

void
lex_init(struct lexer *l, struct view text)
{
	l->rest = text;
	l->line = 1;
}

static char
peek(const struct lexer *l)
{
	return l->rest.data[0];
}

/* The next n bytes as a token; the lexer stands behind them. */
static struct token
take(struct lexer *l, enum token_kind kind, size_t n)
{
	struct token t = { .kind = kind, .line = l->line };

	t.text = view_make(l->rest.data, n);
	l->rest = view_skip(l->rest, n);
	return t;
}

static struct token
bad(struct lexer *l, size_t n, const char *why)
{
	struct token t = take(l, TOKEN_BAD, n);

	t.why = why;
	return t;
}

/* A carriage return counts as a blank where it ends a line. */
static bool
is_blank_here(const struct lexer *l)
{
	if (peek(l) == ' ' || peek(l) == '\t')
		return true;
	return peek(l) == '\r' && (l->rest.len == 1 || l->rest.data[1] == '\n');
}

static void
skip_blanks_and_comment(struct lexer *l)
{
	while (l->rest.len > 0 && is_blank_here(l))
		l->rest = view_skip(l->rest, 1);
	if (l->rest.len > 0 && peek(l) == '#')
		l->rest = view_skip(l->rest, view_find(l->rest, '\n'));
}

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

static struct token
string(struct lexer *l)
{
	struct token t;
	size_t n = 1;

	while (n < l->rest.len && l->rest.data[n] != '"') {
		if (l->rest.data[n] == '\n')
			return bad(l, n, "the quotes are not closed");
		if (is_control(l->rest.data[n]))
			return bad(l, n, "a control character in quotes");
		n += l->rest.data[n] == '\\' ? 2 : 1;
	}
	if (n >= l->rest.len)
		return bad(l, l->rest.len, "the quotes are not closed");
	t = take(l, TOKEN_STRING, n + 1);
	t.text = view_make(t.text.data + 1, n - 1);
	if (!utf8_valid(t.text)) {
		t.kind = TOKEN_BAD;
		t.why = "not UTF-8";
	}
	return t;
}

static bool
ends_word(char c)
{
	return c == ' ' || c == '\t' || c == '#' || c == '"' || c == '{' ||
	       c == '}' || is_control(c);
}

static struct token
word(struct lexer *l)
{
	size_t n = 0;

	while (n < l->rest.len && !ends_word(l->rest.data[n]))
		n++;
	if (n == 0)
		return bad(l, 1, "a control character");
	if (!utf8_valid(view_make(l->rest.data, n)))
		return bad(l, n, "not UTF-8");
	return take(l, TOKEN_WORD, n);
}

struct token
lex_next(struct lexer *l)
{
	struct token t;

	skip_blanks_and_comment(l);
	if (l->rest.len == 0)
		return take(l, TOKEN_END, 0);
	switch (peek(l)) {
	case '\n':
		t = take(l, TOKEN_LINE, 1);
		l->line++;
		return t;
	case '{':
		return take(l, TOKEN_OPEN, 1);
	case '}':
		return take(l, TOKEN_CLOSE, 1);
	case '"':
		return string(l);
	}
	return word(l);
}

bool
token_copy(const struct token *t, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < t->text.len; i++) {
		if (t->kind == TOKEN_STRING && t->text.data[i] == '\\' &&
		    i + 1 < t->text.len)
			i++;
		if (n + 1 >= size)
			return false;
		out[n++] = t->text.data[i];
	}
	out[n] = '\0';
	return true;
}
