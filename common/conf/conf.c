/* SPDX-License-Identifier: ISC */
/* common/conf/conf.c - the configuration as values: made, checked, asked.
 *
 * Whoever adds a value, the parser or a frame from posternd, passes the same
 * checks.  No I/O, no defaults that depend on the machine.
 */
#include "common/conf/conf.h"

#include "common/base/alloc.h"
#include "common/conf/keys.h"

#include <stdio.h>
#include <string.h>

void
conf_init(struct conf *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const struct setting *s = setting_of((enum conf_key)i);

		c->values[i].number = s->number;
		view_copy(view_of(s->text), c->values[i].text,
		    sizeof(c->values[i].text));
	}
}

void
conf_clear(struct conf *c)
{
	mem_free(c->listeners);
	mem_free(c->accepts);
	mem_free(c->routes);
	mem_free(c->logins);
	mem_free(c->sources);
	mem_free(c->resolvers);
	mem_free(c->mx_allow);
	mem_free(c->rates);
	mem_free(c->exempt);
	mem_free(c->bare_ends);
	mem_free(c->locals);
	mem_free(c->recipients);
	mem_free(c->named);
	mem_free(c->certificates);
	memset(c, 0, sizeof(*c));
}

bool
conf_set(struct conf *c, enum conf_key key, const struct conf_value *v)
{
	if (!setting_fits(setting_of(key), v))
		return false;
	c->values[key] = *v;
	return true;
}

uint64_t
conf_number(const struct conf *c, enum conf_key key)
{
	return c->values[key].number;
}

const char *
conf_text(const struct conf *c, enum conf_key key)
{
	return c->values[key].text;
}

/* The list with room for one more; it grows by doubling. */
static void *
room(void *list, size_t n, size_t size)
{
	if (n != 0 && (n & (n - 1)) != 0)
		return list;
	return mem_grow(list, n == 0 ? 1 : 2 * n, size);
}

/* An address in its one form: what is printed reads back as the same. */
static bool
ip_sound(const struct ip *ip)
{
	char text[IP_TEXT];
	struct ip again;

	return (ip->family == 4 || ip->family == 6) &&
	       ip_parse(view_of(ip_print(ip, text)), &again) &&
	       ip_eq(ip, &again);
}

static bool
network_sound(const struct network *n)
{
	char ip[IP_TEXT], text[IP_TEXT + 8];
	struct network again;

	if (!ip_sound(&n->ip))
		return false;
	snprintf(text, sizeof(text), "%s/%u", ip_print(&n->ip, ip), n->bits);
	return network_parse(view_of(text), &again);
}

static bool
domain_sound(const char *name)
{
	char normal[DOMAIN_MAX + 1];
	struct view v = view_of(name);

	return domain_valid(v) && domain_normalise(v, normal) &&
	       view_is(v, normal);
}

bool
conf_add_listener(struct conf *c, const struct conf_listener *l)
{
	if (c->nlisteners >= CONF_LISTENERS_MAX || l->port == 0 ||
	    (!l->any && !ip_sound(&l->ip)))
		return false;
	c->listeners = room(c->listeners, c->nlisteners, sizeof(*l));
	c->listeners[c->nlisteners++] = *l;
	return true;
}

/* It can stand between quotes: no control characters. */
static bool
text_sound(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static bool
file_sound(const char *path)
{
	for (const char *c = path; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	return path[0] == '/';
}

static bool
accept_sound(const struct accept_rule *r)
{
	if ((r->has_domain && !domain_sound(r->domain)) ||
	    (r->has_sender && !domain_sound(r->sender)) ||
	    (unsigned int)r->tls > ACCEPT_TLS_WITHOUT)
		return false;
	switch (r->who) {
	case ACCEPT_LOCAL:
	case ACCEPT_ANY:
		return r->login[0] == '\0';
	case ACCEPT_NETWORK:
		return r->login[0] == '\0' && network_sound(&r->network);
	case ACCEPT_AUTH:
		return text_sound(r->login);
	}
	return false;
}

bool
conf_add_accept(struct conf *c, const struct accept_rule *r)
{
	if (c->naccepts >= CONF_LIST_MAX || !accept_sound(r))
		return false;
	c->accepts = room(c->accepts, c->naccepts, sizeof(*r));
	c->accepts[c->naccepts++] = *r;
	return true;
}

static bool
host_sound(const char *host)
{
	struct ip ip;

	return domain_sound(host) || domain_literal_ip(view_of(host), &ip);
}

/* One, or several with commas. */
static bool
hosts_sound(const char *list)
{
	struct view v = view_of(list);
	char host[DOMAIN_MAX + 1];
	size_t n = 0;

	while (route_next_host(&v, host)) {
		if (!host_sound(host))
			return false;
		n++;
	}
	return v.len == 0 && n > 0 && n <= ROUTE_HOSTS_MAX &&
	       list[strlen(list) - 1] != ',';
}

static bool
from_sound(const struct route *r)
{
	struct mailbox box;

	switch (r->from) {
	case ROUTE_FROM_ANY:
		return r->whose[0] == '\0';
	case ROUTE_FROM_ADDRESS:
		return mailbox_parse(view_of(r->whose), &box, true);
	case ROUTE_FROM_DOMAIN:
		return domain_sound(r->whose);
	case ROUTE_FROM_LOGIN:
		return r->whose[0] != '\0' && text_sound(r->whose);
	}
	return false;
}

/* A socket's name is the whole next hop: nothing is asked of it beside. */
static bool
lmtp_sound(const struct route *r)
{
	if (!hop_is_socket(r->transport, r->host))
		return hosts_sound(r->host) && r->port != SMTP_PORT;
	return file_sound(r->host) && strlen(r->host) <= ROUTE_SOCKET_MAX &&
	       strpbrk(r->host, "@%,") == NULL && r->port == 0 &&
	       r->source == 0 && r->login == 0 && r->tls == ROUTE_TLS_NONE;
}

static bool
route_sound(const struct route *r)
{
	bool match = false;

	if (!from_sound(r) || (unsigned int)r->tls > ROUTE_TLS_VERIFY ||
	    (r->login != 0 && r->transport == TRANSPORT_MX) ||
	    (r->immediate &&
		(r->tls < ROUTE_TLS_REQUIRED || r->transport == TRANSPORT_MX)))
		return false;
	switch (r->match) {
	case ROUTE_ANY:
	case ROUTE_LOCAL:
		match = r->domain[0] == '\0';
		break;
	case ROUTE_DOMAIN:
		match = domain_sound(r->domain);
		break;
	}
	switch (r->transport) {
	case TRANSPORT_MX:
		return match && r->host[0] == '\0';
	case TRANSPORT_HOST:
		return match && hosts_sound(r->host);
	case TRANSPORT_LMTP:
		return match && lmtp_sound(r);
	case TRANSPORT_LOOKUP:
		break;
	}
	return false;
}

bool
conf_add_route(struct conf *c, const struct route *r)
{
	if (c->nroutes >= CONF_LIST_MAX || !route_sound(r))
		return false;
	c->routes = room(c->routes, c->nroutes, sizeof(*r));
	c->routes[c->nroutes++] = *r;
	return true;
}

/* Its name is a part of the next hop's. */
static bool
login_sound(const struct route_login *l)
{
	const struct routing routing = { .logins = l, .nlogins = 1 };
	struct route row = { 0 };
	char hop[DOMAIN_MAX + 1];

	memcpy(row.host, l->host, sizeof(row.host));
	row.transport = TRANSPORT_HOST;
	row.login = 1;
	if (l->secret > ROUTE_TOKEN ||
	    (l->secret == ROUTE_TOKEN && l->cleartext))
		return false;
	return l->user[0] != '\0' && text_sound(l->user) &&
	       hosts_sound(l->host) &&
	       route_next_hop(&routing, &row, "", hop) &&
	       (l->path[0] == '\0' || file_sound(l->path));
}

/* Its name stands before a host, apart from it by a "%". */
static bool
source_sound(const struct route_source *s)
{
	for (const char *c = s->name; *c != '\0'; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9') &&
		    *c != '-')
			return false;
	return s->name[0] != '\0' &&
	       (s->ip4.family == 0 ||
		   (s->ip4.family == 4 && ip_sound(&s->ip4))) &&
	       (s->ip6.family == 0 ||
		   (s->ip6.family == 6 && ip_sound(&s->ip6))) &&
	       (s->helo[0] == '\0' || domain_sound(s->helo));
}

uint16_t
conf_source_of(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->nsources; i++)
		if (strcmp(c->sources[i].name, name) == 0)
			return (uint16_t)(i + 1);
	return 0;
}

bool
conf_add_source(struct conf *c, const struct route_source *s)
{
	if (c->nsources >= CONF_SOURCES_MAX || !source_sound(s) ||
	    conf_source_of(c, s->name) != 0)
		return false;
	c->sources = room(c->sources, c->nsources, sizeof(*s));
	c->sources[c->nsources++] = *s;
	return true;
}

bool
conf_add_login(struct conf *c, const struct route_login *l)
{
	if (c->nlogins >= CONF_LOGINS_MAX || !login_sound(l))
		return false;
	c->logins = room(c->logins, c->nlogins, sizeof(*l));
	c->logins[c->nlogins++] = *l;
	return true;
}

bool
conf_add_resolver(struct conf *c, const struct conf_resolver *r)
{
	bool proves = r->signed_name[0] != '\0' || r->bogus_name[0] != '\0';

	if (c->nresolvers >= CONF_RESOLVERS_MAX || r->port == 0 ||
	    !ip_sound(&r->ip))
		return false;
	if (proves &&
	    !(domain_sound(r->signed_name) && domain_sound(r->bogus_name)))
		return false;
	c->resolvers = room(c->resolvers, c->nresolvers, sizeof(*r));
	c->resolvers[c->nresolvers++] = *r;
	return true;
}

/* As hopname_print() has it, so that it is found by comparing. */
static bool
rate_name_sound(const char *name)
{
	struct hopname h;
	char text[HOPNAME_MAX + 1];

	return hopname_parse(view_of(name), &h) &&
	       strcmp(hopname_print(&h, text), name) == 0 &&
	       hopname_whole(&h) == (h.transport != 0 || h.port != 0);
}

bool
conf_add_rate(struct conf *c, const struct conf_rate *r)
{
	if (c->nrates >= CONF_LIST_MAX || !rate_name_sound(r->name) ||
	    (r->seconds != 1 && r->seconds != 60 && r->seconds != 3600) ||
	    r->count == 0 || r->count / 1000 > r->seconds)
		return false;
	c->rates = room(c->rates, c->nrates, sizeof(*r));
	c->rates[c->nrates++] = *r;
	return true;
}

bool
conf_add_exempt(struct conf *c, const struct network *n)
{
	if (c->nexempt >= CONF_LIST_MAX || !network_sound(n))
		return false;
	c->exempt = room(c->exempt, c->nexempt, sizeof(*n));
	c->exempt[c->nexempt++] = *n;
	return true;
}

bool
conf_add_bare_ends(struct conf *c, const struct network *n)
{
	if (c->nbare_ends >= CONF_LIST_MAX || !network_sound(n))
		return false;
	c->bare_ends = room(c->bare_ends, c->nbare_ends, sizeof(*n));
	c->bare_ends[c->nbare_ends++] = *n;
	return true;
}

bool
conf_add_mx_allow(struct conf *c, const struct network *n)
{
	if (c->nmx_allow >= CONF_LIST_MAX || !network_sound(n))
		return false;
	c->mx_allow = room(c->mx_allow, c->nmx_allow, sizeof(*n));
	c->mx_allow[c->nmx_allow++] = *n;
	return true;
}

bool
conf_add_local(struct conf *c, const char *name)
{
	if (c->nlocals >= CONF_LIST_MAX || !domain_sound(name))
		return false;
	c->locals = room(c->locals, c->nlocals, sizeof(*c->locals));
	strlcpy(c->locals[c->nlocals++], name, sizeof(*c->locals));
	return true;
}

size_t
conf_recipients_of(const struct conf *c, const char *name)
{
	size_t i = 0;

	while (i < c->nrecipients && strcmp(c->recipients[i].domain, name) != 0)
		i++;
	return i;
}

bool
conf_add_recipients(struct conf *c, const struct conf_recipients *r)
{
	if (c->nrecipients >= CONF_TABLES_MAX || !domain_sound(r->domain) ||
	    conf_recipients_of(c, r->domain) < c->nrecipients ||
	    (r->path[0] != '\0' && !file_sound(r->path)))
		return false;
	c->recipients = room(c->recipients, c->nrecipients, sizeof(*r));
	c->recipients[c->nrecipients++] = *r;
	return true;
}

bool
conf_add_recipient(struct conf *c, const struct conf_recipient *r)
{
	struct mailbox box;

	/* they follow their table, which no other may part */
	if (c->nnamed >= CONF_LIST_MAX || r->table >= c->nrecipients ||
	    c->recipients[r->table].path[0] != '\0' ||
	    (c->nnamed > 0 && c->named[c->nnamed - 1].table > r->table) ||
	    !mailbox_parse(view_of(r->text), &box, true) ||
	    strcmp(box.domain, c->recipients[r->table].domain) != 0)
		return false;
	c->named = room(c->named, c->nnamed, sizeof(*r));
	c->named[c->nnamed++] = *r;
	return true;
}

bool
conf_has_tables(const struct conf *c)
{
	return c->nrecipients > 0 || conf_text(c, KEY_ALIASES)[0] != '\0' ||
	       conf_text(c, KEY_SENDERS)[0] != '\0';
}

bool
conf_verifies(const struct conf *c)
{
	for (size_t i = 0; i < c->nroutes; i++)
		if (c->routes[i].tls == ROUTE_TLS_VERIFY)
			return true;
	return false;
}

bool
conf_add_certificate(struct conf *c, const struct conf_certificate *cert)
{
	if (c->ncertificates >= CONF_CERTIFICATES_MAX ||
	    !file_sound(cert->certificate) || !file_sound(cert->key))
		return false;
	c->certificates =
	    room(c->certificates, c->ncertificates, sizeof(*cert));
	c->certificates[c->ncertificates++] = *cert;
	return true;
}

bool
conf_has_certificate(const struct conf *c, size_t listener)
{
	for (size_t i = 0; i < c->ncertificates; i++)
		if (c->certificates[i].listener == listener ||
		    c->certificates[i].listener == CONF_EVERY_LISTENER)
			return true;
	return false;
}

bool
conf_has_listeners(const struct conf *c, bool logins)
{
	for (size_t i = 0; i < c->nlisteners; i++)
		if ((c->listeners[i].auth != AUTH_NEVER) == logins)
			return true;
	return false;
}

struct routing
conf_routing(const struct conf *c)
{
	struct routing r = { .rows = c->routes,
		.nrows = c->nroutes,
		.logins = c->logins,
		.nlogins = c->nlogins,
		.sources = c->sources,
		.nsources = c->nsources,
		.hostname = conf_text(c, KEY_HOSTNAME),
		.postmaster = conf_text(c, KEY_POSTMASTER),
		.locals = (const char(*)[DOMAIN_MAX + 1]) c->locals,
		.nlocals = c->nlocals };

	return r;
}
