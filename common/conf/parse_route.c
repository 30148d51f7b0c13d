/* SPDX-License-Identifier: ISC */
/* common/conf/parse_route.c - the statement that says where mail goes. */
#include "common/base/alloc.h"
#include "common/conf/parse_int.h"
#include "common/mail/hopname.h"
#include "common/mail/idna.h"

#include <stdio.h>
#include <string.h>

enum { SUBMISSIONS_PORT = 465 };

static void
route_match(struct parser *p, struct route *r, struct names *names)
{
	if (parser_skip(p, "any")) {
		r->match = ROUTE_ANY;
	} else if (parser_skip(p, "local")) {
		r->match = ROUTE_LOCAL;
	} else if (parser_skip(p, "domain")) {
		r->match = ROUTE_DOMAIN;
		parser_names(p, names);
	} else {
		parser_expected(p, "\"any\", \"local\" or \"domain\"");
	}
}

static void
route_host(struct parser *p, char out[DOMAIN_MAX + 1])
{
	static const char what[] =
	    "a host such as \"mail.example.org\" or \"[192.0.2.1]\"";
	struct token found = p->token;
	char raw[CONF_TEXT_MAX + 1];

	if (!parser_text(p, what, raw, sizeof(raw)))
		return;
	if (hopname_host(view_of(raw), out))
		return;
	p->token = found;
	parser_expected(p, what);
}

static void
hosts_add(struct parser *p, struct route *r)
{
	char host[DOMAIN_MAX + 1];

	route_host(p, host);
	if (p->failed)
		return;
	if (r->host[0] != '\0')
		strlcat(r->host, ",", sizeof(r->host));
	if (strlcat(r->host, host, sizeof(r->host)) >= sizeof(r->host))
		parser_fail(p, "the names of the hosts have more than 255 "
			       "bytes together");
}

/* NAME, or { NAME ... } */
static void
route_hosts(struct parser *p, struct route *r)
{
	size_t n = 0;

	if (p->failed || p->token.kind != TOKEN_OPEN) {
		hosts_add(p, r);
		return;
	}
	do {
		parser_next(p);
		for (; !p->failed && (p->token.kind == TOKEN_WORD ||
					 p->token.kind == TOKEN_STRING);
		     n++)
			hosts_add(p, r);
	} while (!p->failed && p->token.kind == TOKEN_LINE);
	if (p->failed)
		return;
	if (p->token.kind != TOKEN_CLOSE || n == 0)
		parser_expected(p, n == 0 ? "a host" : "\"}\"");
	else if (n > ROUTE_HOSTS_MAX)
		parser_fail(p, "more than %d hosts", ROUTE_HOSTS_MAX);
	else
		parser_next(p);
}

static void
from_address(struct parser *p, char out[LOGIN_MAX + 1])
{
	struct token found = p->token;
	char raw[CONF_TEXT_MAX + 1], print[ADDRESS_MAX + 1];
	struct mailbox box;

	if (!parser_text(
		p, "an address, \"domain\" or \"login\"", raw, sizeof(raw)))
		return;
	if (mailbox_parse(view_of(raw), &box, true) && box.domain[0] != '\0' &&
	    strlcpy(out, mailbox_print(&box, print), LOGIN_MAX + 1) <=
		LOGIN_MAX)
		return;
	p->token = found;
	parser_expected(p, "an address, \"domain\" or \"login\"");
}

/* [from ADDRESS|domain NAME|login NAME] */
static void
route_from(struct parser *p, struct route *r)
{
	struct names names = { 0 };

	if (!parser_skip(p, "from"))
		return;
	if (parser_skip(p, "domain")) {
		r->from = ROUTE_FROM_DOMAIN;
		parser_names(p, &names);
		if (!p->failed && names.n > 1)
			parser_fail(p, "one domain of senders in a route");
		else if (!p->failed)
			memcpy(r->whose, names.name[0], sizeof(r->whose));
		mem_free(names.name);
	} else if (parser_skip(p, "login")) {
		r->from = ROUTE_FROM_LOGIN;
		if (parser_text(p, "a login", r->whose, sizeof(r->whose)) &&
		    r->whose[0] == '\0')
			parser_fail(p, "\"\" is no login");
	} else {
		r->from = ROUTE_FROM_ADDRESS;
		from_address(p, r->whose);
	}
}

/* [tls [none|opportunistic|required|verify] [immediate]] */
static void
route_tls(struct parser *p, struct route *r)
{
	static const char *const words[] = {
		[ROUTE_TLS_NONE] = "none",
		[ROUTE_TLS_OPPORTUNISTIC] = "opportunistic",
		[ROUTE_TLS_REQUIRED] = "required",
		[ROUTE_TLS_VERIFY] = "verify",
	};

	if (!parser_skip(p, "tls"))
		return;
	r->tls = ROUTE_TLS_VERIFY;
	for (size_t i = 0; i < nitems(words); i++)
		if (parser_skip(p, words[i])) {
			r->tls = (enum route_tls)i;
			break;
		}
	if (parser_skip(p, "immediate") ||
	    (r->port == SUBMISSIONS_PORT && r->tls >= ROUTE_TLS_REQUIRED))
		r->immediate = true;
	if (r->immediate && r->tls < ROUTE_TLS_REQUIRED)
		parser_fail(p, "\"immediate\" goes with \"required\" or "
			       "\"verify\" alone");
	if (r->immediate && r->transport == TRANSPORT_MX)
		parser_fail(p, "\"immediate\" goes with \"host\" alone");
}

/* The path of a socket; it does not leave the machine, so that nothing more is
 * asked of it. */
static void
route_socket_path(struct parser *p, struct route *r)
{
	static const char what[] = "the path of a socket, or \"host\"";
	static const char *const words[] = { "port", "tls", "login", "source" };
	struct token found = p->token;
	char raw[CONF_TEXT_MAX + 1];

	r->tls = ROUTE_TLS_NONE;
	if (!parser_text(p, what, raw, sizeof(raw)))
		return;
	if (raw[0] != '/') {
		p->token = found;
		parser_expected(p, what);
		return;
	}
	if (strlen(raw) > ROUTE_SOCKET_MAX || strpbrk(raw, "@%,") != NULL)
		parser_fail(p,
		    "\"%s\": the path of a socket has at most %d bytes, and "
		    "none of \"@\", \"%%\" and \",\"",
		    raw, ROUTE_SOCKET_MAX);
	(void)strlcpy(r->host, raw, sizeof(r->host));
	for (size_t i = 0; i < nitems(words); i++)
		if (parser_at(p, words[i]))
			parser_fail(
			    p, "\"%s\" does not go with a socket", words[i]);
}

/* mx, host NAME|{ ... }, lmtp PATH, lmtp host NAME|{ ... } [port N] */
static void
route_to(struct parser *p, struct route *r)
{
	if (parser_skip(p, "mx")) {
		r->transport = TRANSPORT_MX;
	} else if (parser_skip(p, "host")) {
		r->transport = TRANSPORT_HOST;
		route_hosts(p, r);
	} else if (parser_skip(p, "lmtp")) {
		r->transport = TRANSPORT_LMTP;
		if (parser_skip(p, "host"))
			route_hosts(p, r);
		else
			route_socket_path(p, r);
	} else {
		parser_expected(p, "\"mx\", \"host\" or \"lmtp\"");
	}
	parser_port(p, &r->port);
	if (r->transport == TRANSPORT_LMTP && r->port == SMTP_PORT)
		parser_fail(p, "port 25 is for SMTP: LMTP must not use it "
			       "(RFC 2033)");
}

/* The place, from 1, of one that is there already; 0: none. */
static uint16_t
login_place(const struct conf *c, const struct route_login *l)
{
	for (size_t i = 0; i < c->nlogins; i++)
		if (strcmp(c->logins[i].user, l->user) == 0 &&
		    strcmp(c->logins[i].host, l->host) == 0 &&
		    c->logins[i].port == l->port)
			return (uint16_t)(i + 1);
	return 0;
}

static void
login_add(struct parser *p, struct route *r, const struct route_login *l)
{
	const struct route_login *old;

	r->login = login_place(p->conf, l);
	if (r->login == 0) {
		if (p->conf->nlogins == CONF_LOGINS_MAX)
			parser_full(p);
		else if (!conf_add_login(p->conf, l))
			parser_fail(p,
			    "\"%s\" is no login, or too long for "
			    "its host",
			    l->user);
		r->login = (uint16_t)p->conf->nlogins;
		return;
	}
	old = &p->conf->logins[r->login - 1];
	if (strcmp(old->path, l->path) != 0 || old->cleartext != l->cleartext ||
	    old->secret != l->secret)
		parser_fail(p,
		    "the login \"%s\" there is given otherwise in "
		    "line %u",
		    l->user, old->line);
}

/* Whoever hears a token can use it (RFC 6750 5.3): none is said before the
 * certificate is verified, and no word changes that. */
static void
login_token(
    struct parser *p, const struct route *r, const struct route_login *l)
{
	if (l->secret != ROUTE_TOKEN)
		return;
	if (l->cleartext)
		parser_fail(p, "\"cleartext\" does not go with a token: who "
			       "hears it can use it");
	else if (r->tls != ROUTE_TLS_VERIFY)
		parser_fail(p, "a token needs \"tls verify\": who hears it "
			       "can use it");
}

/* A password goes through TLS with a server that is who it should be, unless
 * the route says otherwise in so many words. */
static void
login_tls(
    struct parser *p, struct route *r, const struct route_login *l, bool said)
{
	if (!said && !l->cleartext) {
		r->tls = ROUTE_TLS_VERIFY;
		r->immediate = r->port == SUBMISSIONS_PORT;
	}
	if (r->tls < ROUTE_TLS_REQUIRED && !l->cleartext)
		parser_fail(p, "a login needs \"tls verify\" or \"tls "
			       "required\", or says \"cleartext\"");
}

/* password file FILE [cleartext] | token file FILE */
static void
login_secret(struct parser *p, struct route_login *l)
{
	if (parser_skip(p, "token"))
		l->secret = ROUTE_TOKEN;
	else if (!parser_skip(p, "password"))
		parser_expected(p, "\"password\" or \"token\"");
	parser_need(p, "file");
	parser_text(p,
	    l->secret == ROUTE_TOKEN ? "the file of a token"
				     : "the file of a password",
	    l->path, sizeof(l->path));
	l->cleartext = parser_skip(p, "cleartext");
}

/* [login NAME ...]; tls: something was said of it */
static void
route_login(struct parser *p, struct route *r, bool tls)
{
	struct route_login l = { .port = r->port, .line = p->statement };

	if (!parser_skip(p, "login"))
		return;
	if (r->transport == TRANSPORT_LMTP)
		l.port = route_port(r);
	parser_text(p, "a login", l.user, sizeof(l.user));
	login_secret(p, &l);
	memcpy(l.host, r->host, sizeof(l.host));
	if (p->failed)
		return;
	if (r->transport == TRANSPORT_MX)
		parser_fail(p, "\"login\" goes with \"host\" alone");
	else if (l.path[0] != '/')
		parser_fail(p, "\"%s\" must be an absolute path", l.path);
	login_tls(p, r, &l, tls);
	login_token(p, r, &l);
	if (!p->failed)
		login_add(p, r, &l);
}

static void
source_address(struct parser *p, struct route_source *s)
{
	struct ip ip, *place;

	if (p->failed)
		return;
	if (p->token.kind != TOKEN_WORD || !ip_parse(p->token.text, &ip)) {
		parser_expected(p, "an address of this machine");
		return;
	}
	place = ip.family == 4 ? &s->ip4 : &s->ip6;
	if (place->family != 0) {
		parser_fail(p, "two addresses of one family");
		return;
	}
	*place = ip;
	parser_next(p);
}

/* source NAME [address ADDRESS]... [helo NAME] */
void
parse_source(struct parser *p)
{
	struct route_source s = { 0 };
	char helo[CONF_TEXT_MAX + 1];

	parser_text(p, "the name of a source", s.name, sizeof(s.name));
	while (parser_skip(p, "address"))
		source_address(p, &s);
	if (parser_skip(p, "helo") &&
	    parser_text(p, "a domain", helo, sizeof(helo)) &&
	    !idna_to_ascii(view_of(helo), s.helo))
		parser_fail(p, "\"%s\" is no domain", helo);
	if (p->failed)
		return;
	if (conf_source_of(p->conf, s.name) != 0)
		parser_fail(p, "there is a source \"%s\" already", s.name);
	else if (!conf_add_source(p->conf, &s))
		parser_fail(p,
		    "\"%s\": a source has a name of a-z, 0-9 and "
		    "\"-\", and there are 100 at most",
		    s.name);
}

/* [source NAME] */
static void
route_source(struct parser *p, struct route *r)
{
	char name[SOURCE_MAX + 1], hop[DOMAIN_MAX + 1];
	struct routing routing;

	if (!parser_skip(p, "source") ||
	    !parser_text(p, "the name of a source", name, sizeof(name)))
		return;
	r->source = conf_source_of(p->conf, name);
	routing = conf_routing(p->conf);
	if (r->source == 0)
		parser_fail(p, "no source \"%s\" stands above", name);
	else if (!route_next_hop(&routing, r, "", hop))
		parser_fail(p, "source and host have too long a name");
}

/* route any|local|domain NAME|domain { ... } [from ...]
 * to mx|host NAME|host { ... }|lmtp PATH|lmtp host ...
 * [port N] [tls ...] [login ...] [source NAME] */
void
parse_route(struct parser *p)
{
	struct route r = { .tls = ROUTE_TLS_OPPORTUNISTIC,
		.line = p->statement };
	struct names names = { 0 };
	bool tls;
	size_t n;

	route_match(p, &r, &names);
	route_from(p, &r);
	parser_need(p, "to");
	route_to(p, &r);
	tls = parser_at(p, "tls");
	route_tls(p, &r);
	route_login(p, &r, tls);
	if (!tls && r.transport == TRANSPORT_HOST &&
	    r.port == SUBMISSIONS_PORT && !r.immediate)
		parser_fail(p, "port 465 begins with TLS: say \"tls\", or "
			       "\"tls none\" where it does not");
	route_source(p, &r);
	n = r.match == ROUTE_DOMAIN ? names.n : 1;
	for (size_t i = 0; !p->failed && i < n; i++) {
		if (r.match == ROUTE_DOMAIN)
			memcpy(r.domain, names.name[i], sizeof(r.domain));
		if (!conf_add_route(p->conf, &r))
			parser_full(p);
	}
	mem_free(names.name);
}
