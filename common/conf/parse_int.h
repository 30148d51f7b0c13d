/* SPDX-License-Identifier: ISC */
/* common/conf/parse_int.h - what parse*.c share.
 *
 * A parser stands before one token.  The first thing that is wrong is noted
 * and everything after it fails, so only the last step need be asked.
 */
#ifndef COMMON_CONF_PARSE_INT_H
#define COMMON_CONF_PARSE_INT_H

#include "common/conf/conf.h"
#include "common/conf/lex.h"

struct parser {
	struct lexer lexer;
	struct token token;
	unsigned int statement; /* line in which it began */
	bool failed;
	struct conf *conf;
	struct conf_error *error;
	unsigned int set_line[KEY_COUNT]; /* 0: not set yet */
	unsigned int listen_line[CONF_LISTENERS_MAX];
	/* ports that rules name, and the first line that does */
	struct {
		uint16_t port;
		unsigned int line;
	} rule_port[CONF_LISTENERS_MAX];
	size_t nrule_ports;
};

/* A statement that is not a scalar setting. */
struct statement {
	const char *word;
	void (*parse)(struct parser *); /* stands behind the word */
};

/* The names behind "domain": one, or several in braces. */
struct names {
	char (*name)[DOMAIN_MAX + 1];
	size_t n;
};

/* parse_route.c */
void parse_route(struct parser *);
void parse_source(struct parser *);

/* parse_list.c: more of a kind than there may be; [port N]; what stands behind
 * the word "domain", to be freed */
void parser_full(struct parser *);
void parser_port(struct parser *, uint16_t *);
void parser_names(struct parser *, struct names *);

/* parse_table.c */
void parse_local(struct parser *);
void parse_recipients(struct parser *);

extern const struct statement statements[];
extern const size_t nstatements;

void parser_next(struct parser *);
void parser_fail(struct parser *, const char *, ...)
    __attribute__((__format__(printf, 2, 3)));
/* "WHAT, found TOKEN" */
void parser_expected(struct parser *, const char *what);
bool parser_at(const struct parser *, const char *word);
/* Past this word if it stands here. */
bool parser_skip(struct parser *, const char *word);
void parser_need(struct parser *, const char *word);
/* Past a word or string; false (and failed) otherwise. */
bool parser_text(struct parser *, const char *what, char *out, size_t size);

/* first: its first word if that has been read already, or NULL */
void setting_parse(struct parser *, const char *first);

#endif
