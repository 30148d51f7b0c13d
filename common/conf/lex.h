/* SPDX-License-Identifier: ISC */
/* common/conf/lex.h - the configuration file as words.
 *
 * Words are cut at blanks; "quoted strings" may hold anything but a line
 * end, with \" and \\ for the two; { and } stand alone; # begins a comment
 * that goes to the end of the line; the end of a line is a token.  Tokens are
 * views into the text.
 */
#ifndef COMMON_CONF_LEX_H
#define COMMON_CONF_LEX_H

#include "common/base/view.h"

enum token_kind {
	TOKEN_WORD,
	TOKEN_STRING, /* text is between the quotes, still escaped */
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_LINE, /* end of a line */
	TOKEN_END,  /* end of the text */
	TOKEN_BAD   /* text is the offending bytes, why says what is wrong */
};

struct token {
	enum token_kind kind;
	struct view text;
	unsigned int line;
	const char *why;
};

struct lexer {
	struct view rest;
	unsigned int line;
};

void lex_init(struct lexer *, struct view text);
struct token lex_next(struct lexer *);
/* A word or string without its escapes; false when it does not fit. */
bool token_copy(const struct token *, char *out, size_t size);

#endif
