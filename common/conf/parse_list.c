/* SPDX-License-Identifier: ISC */
/* common/conf/parse_list.c - the statements that add to a list, one function
 * and one row of a table each.
 */
#include "common/base/alloc.h"
#include "common/conf/number.h"
#include "common/conf/parse_int.h"
#include "common/mail/idna.h"

#include <stdio.h>
#include <string.h>

enum { DNS_PORT = 53 };

void
parser_full(struct parser *p)
{
	parser_fail(p, "too many entries of this kind");
}

static void
port_number(struct parser *p, uint16_t *port)
{
	uint64_t n;

	if (p->failed)
		return;
	if (p->token.kind != TOKEN_WORD || !view_u64(p->token.text, &n) ||
	    n < 1 || n > 65535) {
		parser_expected(p, "a port from 1 to 65535");
		return;
	}
	*port = (uint16_t)n;
	parser_next(p);
}

void
parser_port(struct parser *p, uint16_t *port)
{
	if (parser_skip(p, "port"))
		port_number(p, port);
}

static void
address(struct parser *p, const char *what, struct ip *ip)
{
	if (p->failed)
		return;
	if (p->token.kind != TOKEN_WORD || !ip_parse(p->token.text, ip)) {
		parser_expected(p, what);
		return;
	}
	parser_next(p);
}

static void
network(struct parser *p, const char *what, struct network *n)
{
	if (p->failed)
		return;
	if (p->token.kind != TOKEN_WORD || !network_parse(p->token.text, n)) {
		parser_expected(p, what);
		return;
	}
	parser_next(p);
}

static void
domain(struct parser *p, char out[DOMAIN_MAX + 1])
{
	struct token found = p->token;
	char raw[CONF_TEXT_MAX + 1];

	if (!parser_text(p, "a domain", raw, sizeof(raw)))
		return;
	if (idna_to_ascii(view_of(raw), out))
		return;
	p->token = found;
	parser_expected(p, "a domain such as example.org");
}

static void
names_add(struct parser *p, struct names *names)
{
	if (names->n >= CONF_LIST_MAX) {
		parser_full(p);
		return;
	}
	names->name =
	    mem_grow(names->name, names->n + 1, sizeof(names->name[0]));
	domain(p, names->name[names->n]);
	names->n++;
}

void
parser_names(struct parser *p, struct names *names)
{
	if (p->failed)
		return;
	if (p->token.kind != TOKEN_OPEN) {
		names_add(p, names);
		return;
	}
	do {
		parser_next(p);
		while (!p->failed && (p->token.kind == TOKEN_WORD ||
					 p->token.kind == TOKEN_STRING))
			names_add(p, names);
	} while (!p->failed && p->token.kind == TOKEN_LINE);
	if (p->failed)
		return;
	if (p->token.kind != TOKEN_CLOSE || names->n == 0) {
		parser_expected(p, names->n == 0 ? "a domain" : "\"}\"");
		return;
	}
	parser_next(p);
}

static bool
listener_eq(const struct conf_listener *a, const struct conf_listener *b)
{
	return a->port == b->port && a->any == b->any &&
	       (a->any || ip_eq(&a->ip, &b->ip));
}

/* certificate FILE key FILE */
static void
certificate(struct parser *p, uint16_t listener)
{
	struct conf_certificate c = { .listener = listener,
		.line = p->statement };

	parser_text(p, "the file of a certificate", c.certificate,
	    sizeof(c.certificate));
	parser_need(p, "key");
	parser_text(p, "the file of a key", c.key, sizeof(c.key));
	if (p->failed)
		return;
	if (c.certificate[0] != '/' || c.key[0] != '/')
		parser_fail(p, "\"%s\" must be an absolute path",
		    c.certificate[0] != '/' ? c.certificate : c.key);
	else if (!conf_add_certificate(p->conf, &c))
		parser_full(p);
}

/* auth [cleartext] */
static enum listener_auth
listener_auth(struct parser *p)
{
	if (!parser_skip(p, "auth"))
		return AUTH_NEVER;
	return parser_skip(p, "cleartext") ? AUTH_CLEAR : AUTH_TLS;
}

/*
 * listen on any|ADDRESS port N [tls] [auth [cleartext]]
 * [certificate FILE key FILE ...]
 */
static void
parse_listen(struct parser *p)
{
	struct conf_listener l = { 0 };
	size_t place = p->conf->nlisteners;

	parser_need(p, "on");
	l.any = parser_skip(p, "any");
	if (!l.any)
		address(p, "\"any\" or an address", &l.ip);
	parser_need(p, "port");
	port_number(p, &l.port);
	l.tls = parser_skip(p, "tls");
	l.auth = listener_auth(p);
	if (p->failed)
		return;
	for (size_t i = 0; i < p->conf->nlisteners; i++)
		if (listener_eq(&l, &p->conf->listeners[i]))
			parser_fail(
			    p, "port %u is listened on there already", l.port);
	if (!conf_add_listener(p->conf, &l)) {
		parser_full(p);
		return;
	}
	p->listen_line[place] = p->statement;
	while (parser_skip(p, "certificate"))
		certificate(p, (uint16_t)place);
}

/* tls certificate FILE key FILE, or a setting that begins with "tls" */
static void
parse_tls(struct parser *p)
{
	if (parser_skip(p, "certificate"))
		certificate(p, CONF_EVERY_LISTENER);
	else
		setting_parse(p, "tls");
}

/* auth, or auth "NAME": quoted, as what follows is words */
static void
rule_login(struct parser *p, struct accept_rule *r)
{
	r->who = ACCEPT_AUTH;
	if (p->token.kind != TOKEN_STRING)
		return;
	parser_text(p, "a login", r->login, sizeof(r->login));
	if (!p->failed && r->login[0] == '\0')
		parser_fail(p, "\"\" is no login");
}

static void
rule_port(struct parser *p, struct accept_rule *r)
{
	size_t n = p->nrule_ports;

	parser_need(p, "port");
	port_number(p, &r->port);
	for (size_t i = 0; i < n; i++)
		if (p->rule_port[i].port == r->port)
			return;
	if (p->failed)
		return;
	if (n == nitems(p->rule_port)) {
		parser_fail(p, "rules name more ports than can be listened on");
		return;
	}
	p->rule_port[n].port = r->port;
	p->rule_port[n].line = p->statement;
	p->nrule_ports++;
}

/* [on port N] [with|without tls] [sender domain NAME|{ ... }] */
static void
rule_conditions(struct parser *p, struct accept_rule *r, struct names *senders)
{
	if (parser_skip(p, "on"))
		rule_port(p, r);
	if (parser_skip(p, "with")) {
		parser_need(p, "tls");
		r->tls = ACCEPT_TLS_WITH;
	} else if (parser_skip(p, "without")) {
		parser_need(p, "tls");
		r->tls = ACCEPT_TLS_WITHOUT;
	}
	if (!parser_skip(p, "sender"))
		return;
	parser_need(p, "domain");
	r->has_sender = true;
	parser_names(p, senders);
}

/*
 * "accept from any" alone would be an open relay written by forgetting the
 * rest: who wants one says "for any".
 */
static bool
is_everybody(const struct accept_rule *r)
{
	return r->who == ACCEPT_ANY ||
	       (r->who == ACCEPT_NETWORK && r->network.bits == 0);
}

static void
rule_target(struct parser *p, struct accept_rule *r, struct names *names)
{
	if (!parser_skip(p, "for")) {
		if (!r->reject && is_everybody(r))
			parser_expected(p,
			    "\"for domain NAME\" (or \"for any\", an open "
			    "relay)");
		return;
	}
	if (parser_skip(p, "any"))
		return;
	if (!parser_skip(p, "domain")) {
		parser_expected(p, "\"any\" or \"domain\"");
		return;
	}
	r->has_domain = true;
	parser_names(p, names);
}

static void
rule_add(struct parser *p, struct accept_rule *r, const struct names *names)
{
	size_t n = r->has_domain ? names->n : 1;

	for (size_t i = 0; !p->failed && i < n; i++) {
		if (r->has_domain)
			memcpy(r->domain, names->name[i], sizeof(r->domain));
		if (!conf_add_accept(p->conf, r))
			parser_full(p);
	}
}

/* A row for each pair of domains, one of a sender and one of a recipient. */
static void
rule_add_all(struct parser *p, struct accept_rule *r,
    const struct names *senders, const struct names *names)
{
	size_t n = r->has_sender ? senders->n : 1;

	for (size_t i = 0; !p->failed && i < n; i++) {
		if (r->has_sender)
			memcpy(r->sender, senders->name[i], sizeof(r->sender));
		rule_add(p, r, names);
	}
}

/*
 * accept|reject from local|any|auth [NAME]|NETWORK [conditions]
 * [for any|domain NAME|domain { ... }]
 */
static void
parse_rule(struct parser *p, bool reject)
{
	struct accept_rule r = { .reject = reject };
	struct names senders = { 0 }, names = { 0 };

	parser_need(p, "from");
	if (parser_skip(p, "local")) {
		r.who = ACCEPT_LOCAL;
	} else if (parser_skip(p, "any")) {
		r.who = ACCEPT_ANY;
	} else if (parser_skip(p, "auth")) {
		rule_login(p, &r);
	} else {
		r.who = ACCEPT_NETWORK;
		network(p,
		    "\"local\", \"any\", \"auth\" or a network such as "
		    "10.0.0.0/8",
		    &r.network);
	}
	rule_conditions(p, &r, &senders);
	rule_target(p, &r, &names);
	rule_add_all(p, &r, &senders, &names);
	mem_free(senders.name);
	mem_free(names.name);
}

static void
networks(struct parser *p, const char *what,
    bool (*add)(struct conf *, const struct network *))
{
	struct network n;

	do {
		network(p, what, &n);
		if (!p->failed && !add(p->conf, &n))
			parser_full(p);
	} while (!p->failed && p->token.kind == TOKEN_WORD);
}

/* accept bare line ends from NETWORK [NETWORK ...] */
static void
parse_bare_ends(struct parser *p)
{
	parser_need(p, "line");
	parser_need(p, "ends");
	parser_need(p, "from");
	networks(p, "a network such as 10.0.0.0/8", conf_add_bare_ends);
}

static void
parse_accept(struct parser *p)
{
	if (parser_skip(p, "bare"))
		parse_bare_ends(p);
	else
		parse_rule(p, false);
}

static void
parse_reject(struct parser *p)
{
	parse_rule(p, true);
}

/* resolver ADDRESS [port N] [prove signed NAME bogus NAME] */
static void
parse_resolver(struct parser *p)
{
	struct conf_resolver r = { .port = DNS_PORT };

	address(p, "the address of a resolver", &r.ip);
	parser_port(p, &r.port);
	if (parser_skip(p, "prove")) {
		parser_need(p, "signed");
		domain(p, r.signed_name);
		parser_need(p, "bogus");
		domain(p, r.bogus_name);
	}
	if (!p->failed && !conf_add_resolver(p->conf, &r))
		parser_full(p);
}

/* mx addresses allow NETWORK [NETWORK ...] */
static void
parse_mx(struct parser *p)
{
	parser_need(p, "addresses");
	parser_need(p, "allow");
	networks(p, "a network such as 127.0.0.0/8", conf_add_mx_allow);
}

/* "destination" is followed by a name, not by the word of a setting: in quotes
 * or braces, by its form, or by what stands behind it. */
static bool
at_rate(struct parser *p)
{
	struct parser before = *p;
	bool found = parser_skip(p, "destination"), rate = false;

	if (found && p->token.kind != TOKEN_WORD)
		rate = p->token.kind == TOKEN_STRING ||
		       p->token.kind == TOKEN_OPEN;
	else if (found)
		for (size_t i = 0; i < p->token.text.len && !rate; i++)
			rate = strchr(".:,/@%[", p->token.text.data[i]) != NULL;
	while (found && !p->failed && !rate &&
	       (p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_STRING)) {
		rate = parser_at(p, "messages");
		parser_next(p);
	}
	*p = before;
	return rate;
}

static uint32_t
rate_unit(struct parser *p)
{
	uint32_t seconds = number_period(p->token.text);

	if (p->token.kind == TOKEN_WORD && seconds > 0 && seconds <= 3600) {
		parser_next(p);
		return seconds;
	}
	parser_expected(p, "\"second\", \"minute\" or \"hour\"");
	return 0;
}

/* In one piece, or as the words that postern queue --summary shows. */
static void
rate_words(struct parser *p, char out[CONF_TEXT_MAX + 1])
{
	static const char what[] = "the name of a destination";
	size_t n = 0;

	out[0] = '\0';
	while (!p->failed && !parser_at(p, "messages") &&
	       (p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_STRING)) {
		if (n > 0 && n < CONF_TEXT_MAX)
			out[n++] = ' ';
		parser_text(p, what, out + n, CONF_TEXT_MAX + 1 - n);
		n += strlen(out + n);
	}
}

/* TRANSPORT NAME port N, or what goes to that name by any of them */
static void
rate_name(struct parser *p, struct conf_rate *r)
{
	static const char what[] = "a destination such as \"mail.example.org\" "
				   "or \"host a.example,b.example port 25\"";
	char raw[CONF_TEXT_MAX + 1];
	struct hopname h;

	rate_words(p, raw);
	if (p->failed)
		return;
	if (raw[0] == '\0')
		parser_expected(p, what);
	else if (!hopname_parse(view_of(raw), &h))
		parser_fail(p, "expected %s, found \"%s\"", what, raw);
	else if (!hopname_whole(&h) && (h.transport != 0 || h.port != 0))
		parser_fail(p,
		    "\"%s\": transport and port go together, as in \"host "
		    "mail.example.org port 25\", or both are left out",
		    raw);
	else
		hopname_print(&h, r->name);
}

/* limit destination NAME messages N per second|minute|hour */
static void
parse_rate(struct parser *p)
{
	struct conf_rate r = { .line = p->statement };
	uint64_t n = 0;

	parser_need(p, "destination");
	rate_name(p, &r);
	parser_need(p, "messages");
	if (!p->failed &&
	    (p->token.kind != TOKEN_WORD || !view_u64(p->token.text, &n) ||
		n < 1 || n > 1000 * 3600))
		parser_expected(p, "a number, at most 1000 per second");
	parser_next(p);
	parser_need(p, "per");
	r.seconds = rate_unit(p);
	r.count = (uint32_t)n;
	if (!p->failed && !conf_add_rate(p->conf, &r))
		parser_fail(p, "more than 1000 per second, or too many");
}

/* Past "client exempt", if it stands here. */
static bool
skip_exempt(struct parser *p)
{
	struct parser before = *p;

	if (parser_skip(p, "client") && parser_skip(p, "exempt"))
		return true;
	*p = before;
	return false;
}

/* limit client exempt NETWORK [NETWORK ...], a rate, or a setting */
static void
parse_limit(struct parser *p)
{
	if (skip_exempt(p))
		networks(p, "a network such as 192.0.2.0/24", conf_add_exempt);
	else if (at_rate(p))
		parse_rate(p);
	else
		setting_parse(p, "limit");
}

const struct statement statements[] = {
	{ "limit", parse_limit },
	{ "listen", parse_listen },
	{ "accept", parse_accept },
	{ "reject", parse_reject },
	{ "route", parse_route },
	{ "source", parse_source },
	{ "resolver", parse_resolver },
	{ "mx", parse_mx },
	{ "tls", parse_tls },
	{ "local", parse_local },
	{ "recipients", parse_recipients },
};
const size_t nstatements = nitems(statements);
