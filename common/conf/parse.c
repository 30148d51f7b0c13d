/* SPDX-License-Identifier: ISC */
/* common/conf/parse.c - the configuration file, statement by statement.
 *
 * One statement a line.  Which statements there are is a table (statements,
 * settings); what is here only walks it and says what is wrong.
 */
#include "common/base/alloc.h"
#include "common/conf/nearest.h"
#include "common/conf/parse_int.h"

#include <stdarg.h>
#include <stdio.h>

enum { SHOWN_MAX = 80 }; /* bytes of an offending word that are shown */

void
parser_fail(struct parser *p, const char *fmt, ...)
{
	va_list ap;

	if (p->failed)
		return;
	p->failed = true;
	p->error->line = p->token.line;
	va_start(ap, fmt);
	vsnprintf(p->error->text, sizeof(p->error->text), fmt, ap);
	va_end(ap);
	/* words of the file stand in it, and it is shown on terminals */
	for (char *c = p->error->text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

static void
token_show(const struct token *t, char *out, size_t size)
{
	int len = (int)(t->text.len > SHOWN_MAX ? SHOWN_MAX : t->text.len);

	switch (t->kind) {
	case TOKEN_LINE:
		snprintf(out, size, "the end of the line");
		return;
	case TOKEN_END:
		snprintf(out, size, "the end of the file");
		return;
	case TOKEN_WORD:
	case TOKEN_STRING:
	case TOKEN_OPEN:
	case TOKEN_CLOSE:
	case TOKEN_BAD:
		snprintf(out, size, "\"%.*s\"", len, t->text.data);
		return;
	}
}

void
parser_next(struct parser *p)
{
	if (p->failed)
		return;
	p->token = lex_next(&p->lexer);
	if (p->token.kind == TOKEN_BAD) {
		char shown[SHOWN_MAX + 8];

		token_show(&p->token, shown, sizeof(shown));
		parser_fail(p, "%s: %s", shown, p->token.why);
	}
}

void
parser_expected(struct parser *p, const char *what)
{
	char shown[SHOWN_MAX + 8];

	token_show(&p->token, shown, sizeof(shown));
	parser_fail(p, "expected %s, found %s", what, shown);
}

bool
parser_at(const struct parser *p, const char *word)
{
	return !p->failed && p->token.kind == TOKEN_WORD &&
	       view_is(p->token.text, word);
}

bool
parser_skip(struct parser *p, const char *word)
{
	if (!parser_at(p, word))
		return false;
	parser_next(p);
	return true;
}

void
parser_need(struct parser *p, const char *word)
{
	char what[SHOWN_MAX];

	if (parser_skip(p, word))
		return;
	snprintf(what, sizeof(what), "\"%s\"", word);
	parser_expected(p, what);
}

bool
parser_text(struct parser *p, const char *what, char *out, size_t size)
{
	if (p->failed)
		return false;
	if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_STRING) {
		parser_expected(p, what);
		return false;
	}
	if (!token_copy(&p->token, out, size)) {
		parser_fail(p, "\"%.*s...\" is too long for %s", SHOWN_MAX / 2,
		    p->token.text.data, what);
		return false;
	}
	parser_next(p);
	return true;
}

static void
statement_end(struct parser *p)
{
	char shown[SHOWN_MAX + 8];

	if (p->failed || p->token.kind == TOKEN_LINE ||
	    p->token.kind == TOKEN_END)
		return;
	token_show(&p->token, shown, sizeof(shown));
	parser_fail(p, "%s is too much: the statement was complete", shown);
}

static void
statement(struct parser *p)
{
	p->statement = p->token.line;
	for (size_t i = 0; i < nstatements; i++)
		if (parser_skip(p, statements[i].word)) {
			statements[i].parse(p);
			statement_end(p);
			return;
		}
	setting_parse(p, NULL);
	statement_end(p);
}

static bool
listens(const struct conf *c, uint16_t port)
{
	for (size_t i = 0; i < c->nlisteners; i++)
		if (c->listeners[i].port == port)
			return true;
	return false;
}

/* A rule for a port that is never opened guards nothing. */
static void
ports_of_rules(struct parser *p)
{
	for (size_t i = 0; !p->failed && i < p->nrule_ports; i++) {
		if (listens(p->conf, p->rule_port[i].port))
			continue;
		p->token.line = p->rule_port[i].line;
		parser_fail(
		    p, "no statement listens on port %u", p->rule_port[i].port);
	}
}

/* A limit on what is never met limits nothing. */
static void
names_of_rates(struct parser *p)
{
	const struct routing routing = conf_routing(p->conf);

	for (size_t i = 0; !p->failed && i < p->conf->nrates; i++) {
		const struct conf_rate *r = &p->conf->rates[i];
		struct hopname h;

		if (!hopname_parse(view_of(r->name), &h) ||
		    hopname_routed(&routing, &h))
			continue;
		p->token.line = r->line;
		parser_fail(p, "no route leads to \"%s\"", r->name);
	}
}

/* What no statement alone can tell. */
static void
whole(struct parser *p)
{
	names_of_rates(p);
	ports_of_rules(p);
	for (size_t i = 0; !p->failed && i < p->conf->nlisteners; i++) {
		const struct conf_listener *l = &p->conf->listeners[i];

		if (conf_has_certificate(p->conf, i))
			continue;
		p->token.line = p->listen_line[i];
		if (l->tls)
			parser_fail(p, "\"tls\" needs a certificate: tls "
				       "certificate \"FILE\" key \"FILE\"");
		else if (l->auth == AUTH_TLS)
			parser_fail(p, "\"auth\" needs TLS and so a "
				       "certificate; \"auth cleartext\" takes "
				       "passwords without");
	}
}

bool
conf_parse(struct conf *conf, struct view text, struct conf_error *error)
{
	struct parser p = { .conf = conf, .error = error };

	lex_init(&p.lexer, text);
	parser_next(&p);
	while (!p.failed && p.token.kind != TOKEN_END) {
		if (p.token.kind == TOKEN_LINE)
			parser_next(&p);
		else
			statement(&p);
	}
	whole(&p);
	return !p.failed;
}
