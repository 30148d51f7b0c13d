/* SPDX-License-Identifier: ISC */
/* common/conf/parse_table.c - which domains are ours, and who is in them. */
#include "common/base/alloc.h"
#include "common/conf/parse_int.h"
#include "common/mail/idna.h"

#include <string.h>

/* One text, or several in braces; each goes to add(). */
static void
texts(struct parser *p, const char *what,
    void (*add)(struct parser *, const char *))
{
	char text[CONF_TEXT_MAX + 1];
	bool several = p->token.kind == TOKEN_OPEN;

	if (!several) {
		if (parser_text(p, what, text, sizeof(text)))
			add(p, text);
		return;
	}
	do {
		parser_next(p);
		while (!p->failed && (p->token.kind == TOKEN_WORD ||
					 p->token.kind == TOKEN_STRING))
			if (parser_text(p, what, text, sizeof(text)))
				add(p, text);
	} while (!p->failed && p->token.kind == TOKEN_LINE);
	if (p->failed)
		return;
	if (p->token.kind != TOKEN_CLOSE)
		parser_expected(p, "\"}\"");
	else
		parser_next(p);
}

static void
local_add(struct parser *p, const char *text)
{
	char name[DOMAIN_MAX + 1];

	if (!idna_to_ascii(view_of(text), name))
		parser_fail(p, "\"%.100s\" is no domain", text);
	else if (!conf_add_local(p->conf, name))
		parser_fail(p, "too many entries of this kind");
}

/* local domain NAME | { NAME ... } */
void
parse_local(struct parser *p)
{
	parser_need(p, "domain");
	if (!p->failed)
		texts(p, "a domain", local_add);
}

/* As a whole address, so that a local part and its address are one. */
static void
recipient_add(struct parser *p, const char *text)
{
	uint32_t last = (uint32_t)p->conf->nrecipients - 1;
	const char *domain = p->conf->recipients[last].domain;
	struct conf_recipient r = { .table = last };
	struct mailbox box;
	struct buf whole;

	buf_init(&whole, sizeof(r.text) - 1);
	buf_add_string(&whole, text);
	if (!mailbox_parse(view_of(text), &box, true))
		buf_printf(&whole, "@%s", domain);
	if (!buf_ok(&whole) || !mailbox_parse(buf_view(&whole), &box, true))
		parser_fail(p, "\"%.100s\" is no address", text);
	else if (strcmp(box.domain, domain) != 0)
		parser_fail(
		    p, "\"%.100s\" is not of the domain %s", text, domain);
	buf_free(&whole);
	mailbox_print(&box, r.text);
	if (!p->failed && !conf_add_recipient(p->conf, &r))
		parser_fail(p, "too many entries of this kind");
}

/* recipients domain NAME file FILE, or NAME { ADDRESS ... } */
void
parse_recipients(struct parser *p)
{
	char text[CONF_TEXT_MAX + 1];
	struct conf_recipients r = { .line = p->statement };
	size_t there;

	parser_need(p, "domain");
	if (p->failed || !parser_text(p, "a domain", text, sizeof(text)))
		return;
	if (!idna_to_ascii(view_of(text), r.domain)) {
		parser_fail(p, "\"%.100s\" is no domain", text);
		return;
	}
	there = conf_recipients_of(p->conf, r.domain);
	if (there < p->conf->nrecipients) {
		parser_fail(p, "line %u says who there is in %s already",
		    p->conf->recipients[there].line, r.domain);
		return;
	}
	if (parser_skip(p, "file")) {
		parser_text(p, "the path of a file", r.path, sizeof(r.path));
		if (!p->failed && r.path[0] != '/')
			parser_fail(
			    p, "\"%s\" must be an absolute path", r.path);
	} else if (!p->failed && p->token.kind != TOKEN_OPEN) {
		parser_expected(p, "\"file\" or \"{\"");
	}
	if (p->failed)
		return;
	if (!conf_add_recipients(p->conf, &r))
		parser_fail(p, "too many entries of this kind");
	else if (r.path[0] == '\0')
		texts(p, "an address", recipient_add);
}
