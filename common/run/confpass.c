/* SPDX-License-Identifier: ISC */
/* common/run/confpass.c - the configuration as frames, there and back.
 *
 * The frames of a configuration are numbered: first the settings, then the
 * lists one after another, so that sending can stop and go on anywhere.
 */
#include "common/run/confpass.h"

#include "common/base/alloc.h"
#include "common/conf/keys.h"

#include <string.h>

_Static_assert((int)MSG_TEXT_MAX == (int)CONF_TEXT_MAX, "texts fit");
_Static_assert((int)MSG_DOMAIN_MAX == (int)DOMAIN_MAX, "domains fit");
_Static_assert((int)MSG_DOMAIN_MAX == (int)LOGIN_MAX, "logins fit");

static unsigned int
reader_of(enum peer_kind kind)
{
	switch (kind) {
	case PEER_SMTPD:
		return READER_SMTPD;
	case PEER_QUEUE:
		return READER_QUEUE;
	case PEER_DELIVER:
		return READER_DELIVER;
	case PEER_RESOLVE:
		return READER_RESOLVE;
	case PEER_REPORT:
		return READER_REPORT;
	case PEER_HISTORY:
		return READER_HISTORY;
	case PEER_TLS:
		return READER_TLS;
	case PEER_READER:
	case PEER_AUTH:
		return 0; /* no setting is for it */
	case PEER_LOOKUP:
		return READER_LOOKUP;
	}
	return 0;
}

static size_t
count_accepts(const struct conf *c)
{
	return c->naccepts;
}

static void
send_accept(struct channel *ch, const struct conf *c, size_t i)
{
	const struct accept_rule *r = &c->accepts[i];
	struct msg_accept m = { 0 };

	m.reject = r->reject;
	m.who = (uint8_t)r->who;
	m.family = r->network.ip.family;
	m.bits = r->network.bits;
	memcpy(m.bytes, r->network.ip.bytes, sizeof(m.bytes));
	m.port = r->port;
	m.tls = (uint8_t)r->tls;
	memcpy(m.login, r->login, sizeof(m.login));
	m.has_sender = r->has_sender;
	memcpy(m.sender, r->sender, sizeof(m.sender));
	m.has_domain = r->has_domain;
	memcpy(m.domain, r->domain, sizeof(m.domain));
	channel_send(ch, NULL, &msg_accept, &m, -1);
}

static size_t
count_routes(const struct conf *c)
{
	return c->nroutes;
}

static void
send_route(struct channel *ch, const struct conf *c, size_t i)
{
	const struct route *r = &c->routes[i];
	struct msg_route m = { 0 };

	m.match = (uint8_t)r->match;
	m.transport = (uint8_t)r->transport;
	m.tls = (uint8_t)r->tls;
	m.immediate = r->immediate;
	m.port = r->port;
	m.login = r->login;
	m.source = r->source;
	m.line = r->line;
	m.from = (uint8_t)r->from;
	memcpy(m.whose, r->whose, sizeof(m.whose));
	memcpy(m.domain, r->domain, sizeof(m.domain));
	memcpy(m.host, r->host, sizeof(m.host));
	channel_send(ch, NULL, &msg_route, &m, -1);
}

static size_t
count_logins(const struct conf *c)
{
	return c->nlogins;
}

/* All but the name of the file, which is posternd's matter alone. */
static void
send_login(struct channel *ch, const struct conf *c, size_t i)
{
	const struct route_login *l = &c->logins[i];
	struct msg_route_login m = { .port = l->port,
		.secret = (uint8_t)l->secret,
		.cleartext = l->cleartext };

	memcpy(m.user, l->user, sizeof(m.user));
	memcpy(m.host, l->host, sizeof(m.host));
	channel_send(ch, NULL, &msg_route_login, &m, -1);
}

static size_t
count_sources(const struct conf *c)
{
	return c->nsources;
}

static void
send_source(struct channel *ch, const struct conf *c, size_t i)
{
	const struct route_source *s = &c->sources[i];
	struct msg_route_source m = { .family4 = s->ip4.family,
		.family6 = s->ip6.family };

	memcpy(m.bytes4, s->ip4.bytes, sizeof(m.bytes4));
	memcpy(m.bytes6, s->ip6.bytes, sizeof(m.bytes6));
	memcpy(m.name, s->name, sizeof(s->name));
	memcpy(m.helo, s->helo, sizeof(m.helo));
	channel_send(ch, NULL, &msg_route_source, &m, -1);
}

static size_t
count_resolvers(const struct conf *c)
{
	return c->nresolvers;
}

static void
send_resolver(struct channel *ch, const struct conf *c, size_t i)
{
	const struct conf_resolver *r = &c->resolvers[i];
	struct msg_resolver m = { 0 };

	m.family = r->ip.family;
	m.port = r->port;
	memcpy(m.bytes, r->ip.bytes, sizeof(m.bytes));
	memcpy(m.signed_name, r->signed_name, sizeof(m.signed_name));
	memcpy(m.bogus_name, r->bogus_name, sizeof(m.bogus_name));
	channel_send(ch, NULL, &msg_resolver, &m, -1);
}

static size_t
count_mx_allow(const struct conf *c)
{
	return c->nmx_allow;
}

static void
send_network(
    struct channel *ch, const struct ipc_type *type, const struct network *n)
{
	struct msg_mx_allow m = { 0 };

	m.family = n->ip.family;
	m.bits = n->bits;
	memcpy(m.bytes, n->ip.bytes, sizeof(m.bytes));
	channel_send(ch, NULL, type, &m, -1);
}

static void
send_mx_allow(struct channel *ch, const struct conf *c, size_t i)
{
	send_network(ch, &msg_mx_allow, &c->mx_allow[i]);
}

static size_t
count_bare_ends(const struct conf *c)
{
	return c->nbare_ends;
}

static void
send_bare_ends(struct channel *ch, const struct conf *c, size_t i)
{
	send_network(ch, &msg_bare_ends, &c->bare_ends[i]);
}

static size_t
count_exempt(const struct conf *c)
{
	return c->nexempt;
}

static void
send_exempt(struct channel *ch, const struct conf *c, size_t i)
{
	send_network(ch, &msg_exempt, &c->exempt[i]);
}

static size_t
count_rates(const struct conf *c)
{
	return c->nrates;
}

static void
send_rate(struct channel *ch, const struct conf *c, size_t i)
{
	const struct conf_rate *r = &c->rates[i];
	struct msg_rate m = { .count = r->count, .seconds = r->seconds };

	memcpy(m.name, r->name, sizeof(m.name));
	channel_send(ch, NULL, &msg_rate, &m, -1);
}

static size_t
count_locals(const struct conf *c)
{
	return c->nlocals;
}

static void
send_local(struct channel *ch, const struct conf *c, size_t i)
{
	struct msg_local m = { 0 };

	memcpy(m.domain, c->locals[i], sizeof(m.domain));
	channel_send(ch, NULL, &msg_local, &m, -1);
}

static size_t
count_recipients(const struct conf *c)
{
	return c->nrecipients;
}

static void
send_recipients(struct channel *ch, const struct conf *c, size_t i)
{
	const struct conf_recipients *r = &c->recipients[i];
	struct msg_recipients m = { .line = r->line };

	memcpy(m.domain, r->domain, sizeof(m.domain));
	memcpy(m.path, r->path, sizeof(m.path));
	channel_send(ch, NULL, &msg_recipients, &m, -1);
}

static size_t
count_named(const struct conf *c)
{
	return c->nnamed;
}

static void
send_named(struct channel *ch, const struct conf *c, size_t i)
{
	struct msg_recipient m = { .table = c->named[i].table };

	memcpy(m.text, c->named[i].text, sizeof(m.text));
	channel_send(ch, NULL, &msg_recipient, &m, -1);
}

/* Who is told which list. */
static const struct {
	unsigned int readers;
	size_t (*count)(const struct conf *);
	void (*send)(struct channel *, const struct conf *, size_t);
} lists[] = {
	{ READER_SMTPD, count_accepts, send_accept },
	{ READER_SMTPD | READER_QUEUE | READER_DELIVER | READER_TLS,
	    count_routes, send_route },
	{ READER_QUEUE | READER_DELIVER, count_logins, send_login },
	{ READER_QUEUE | READER_DELIVER, count_sources, send_source },
	{ READER_RESOLVE, count_resolvers, send_resolver },
	{ READER_DELIVER, count_mx_allow, send_mx_allow },
	{ READER_SMTPD, count_bare_ends, send_bare_ends },
	{ READER_SMTPD, count_exempt, send_exempt },
	{ READER_QUEUE, count_rates, send_rate },
	{ READER_SMTPD | READER_QUEUE | READER_LOOKUP, count_locals,
	    send_local },
	{ READER_SMTPD | READER_LOOKUP, count_recipients, send_recipients },
	{ READER_LOOKUP, count_named, send_named },
};

static void
send_setting(struct channel *ch, const struct conf *c, enum conf_key key)
{
	struct msg_setting m = { 0 };

	m.key = (uint16_t)key;
	m.number = conf_number(c, key);
	view_copy(view_of(conf_text(c, key)), m.text, sizeof(m.text));
	channel_send(ch, NULL, &msg_setting, &m, -1);
}

/* Frame n, if there is one and this reader is told; false beyond the last. */
static bool
send_frame(
    struct channel *ch, const struct conf *c, unsigned int reader, size_t n)
{
	size_t count;

	if (n < KEY_COUNT) {
		if ((setting_of((enum conf_key)n)->readers & reader) != 0)
			send_setting(ch, c, (enum conf_key)n);
		return true;
	}
	n -= KEY_COUNT;
	for (size_t i = 0; i < nitems(lists); i++) {
		if ((lists[i].readers & reader) == 0)
			continue;
		count = lists[i].count(c);
		if (n < count) {
			lists[i].send(ch, c, n);
			return true;
		}
		n -= count;
	}
	return false;
}

bool
confpass_send(
    struct channel *ch, const struct conf *c, enum peer_kind kind, size_t *next)
{
	unsigned int reader = reader_of(kind);

	while (!channel_full(ch)) {
		if (!send_frame(ch, c, reader, *next))
			return true;
		(*next)++;
	}
	return false;
}

static bool
take_setting(struct conf *c, const void *msg)
{
	const struct msg_setting *m = msg;
	struct conf_value v = { 0 };

	if (m->key >= KEY_COUNT)
		return false;
	v.number = m->number;
	memcpy(v.text, m->text, sizeof(v.text));
	return conf_set(c, (enum conf_key)m->key, &v);
}

static bool
take_accept(struct conf *c, const void *msg)
{
	const struct msg_accept *m = msg;
	struct accept_rule r = { 0 };

	r.reject = m->reject != 0;
	r.who = (enum accept_who)m->who;
	r.network.ip.family = m->family;
	r.network.bits = m->bits;
	memcpy(r.network.ip.bytes, m->bytes, sizeof(m->bytes));
	r.port = m->port;
	r.tls = (enum accept_tls)m->tls;
	memcpy(r.login, m->login, sizeof(r.login));
	r.has_sender = m->has_sender != 0;
	memcpy(r.sender, m->sender, sizeof(r.sender));
	r.has_domain = m->has_domain != 0;
	memcpy(r.domain, m->domain, sizeof(r.domain));
	return conf_add_accept(c, &r);
}

static bool
take_route(struct conf *c, const void *msg)
{
	const struct msg_route *m = msg;
	struct route r = { 0 };

	r.match = (enum route_match)m->match;
	r.transport = (enum transport)m->transport;
	r.tls = (enum route_tls)m->tls;
	r.immediate = m->immediate != 0;
	r.port = m->port;
	r.login = m->login;
	r.source = m->source;
	r.line = m->line;
	r.from = (enum route_from)m->from;
	memcpy(r.whose, m->whose, sizeof(r.whose));
	memcpy(r.domain, m->domain, sizeof(r.domain));
	memcpy(r.host, m->host, sizeof(r.host));
	return conf_add_route(c, &r);
}

static bool
take_login(struct conf *c, const void *msg)
{
	const struct msg_route_login *m = msg;
	struct route_login l = { .port = m->port,
		.secret = (enum route_secret)m->secret,
		.cleartext = m->cleartext != 0 };

	memcpy(l.user, m->user, sizeof(l.user));
	memcpy(l.host, m->host, sizeof(l.host));
	return conf_add_login(c, &l);
}

static bool
take_source(struct conf *c, const void *msg)
{
	const struct msg_route_source *m = msg;
	struct route_source s = { .ip4 = { .family = m->family4 },
		.ip6 = { .family = m->family6 } };

	memcpy(s.ip4.bytes, m->bytes4, sizeof(m->bytes4));
	memcpy(s.ip6.bytes, m->bytes6, sizeof(m->bytes6));
	memcpy(s.helo, m->helo, sizeof(s.helo));
	return view_copy(view_of(m->name), s.name, sizeof(s.name)) &&
	       conf_add_source(c, &s);
}

static bool
take_resolver(struct conf *c, const void *msg)
{
	const struct msg_resolver *m = msg;
	struct conf_resolver r = { 0 };

	r.ip.family = m->family;
	memcpy(r.ip.bytes, m->bytes, sizeof(m->bytes));
	r.port = m->port;
	memcpy(r.signed_name, m->signed_name, sizeof(r.signed_name));
	memcpy(r.bogus_name, m->bogus_name, sizeof(r.bogus_name));
	return conf_add_resolver(c, &r);
}

static struct network
network_of(const void *msg)
{
	const struct msg_mx_allow *m = msg;
	struct network n = { 0 };

	n.ip.family = m->family;
	n.bits = m->bits;
	memcpy(n.ip.bytes, m->bytes, sizeof(m->bytes));
	return n;
}

static bool
take_mx_allow(struct conf *c, const void *msg)
{
	const struct network n = network_of(msg);

	return conf_add_mx_allow(c, &n);
}

static bool
take_bare_ends(struct conf *c, const void *msg)
{
	const struct network n = network_of(msg);

	return conf_add_bare_ends(c, &n);
}

static bool
take_exempt(struct conf *c, const void *msg)
{
	const struct network n = network_of(msg);

	return conf_add_exempt(c, &n);
}

static bool
take_rate(struct conf *c, const void *msg)
{
	const struct msg_rate *m = msg;
	struct conf_rate r = { .count = m->count, .seconds = m->seconds };

	memcpy(r.name, m->name, sizeof(r.name));
	return conf_add_rate(c, &r);
}

static bool
take_local(struct conf *c, const void *msg)
{
	const struct msg_local *m = msg;

	return conf_add_local(c, m->domain);
}

static bool
take_recipients(struct conf *c, const void *msg)
{
	const struct msg_recipients *m = msg;
	struct conf_recipients r = { .line = m->line };

	memcpy(r.domain, m->domain, sizeof(r.domain));
	memcpy(r.path, m->path, sizeof(r.path));
	return conf_add_recipients(c, &r);
}

static bool
take_named(struct conf *c, const void *msg)
{
	const struct msg_recipient *m = msg;
	struct conf_recipient r = { .table = m->table };

	memcpy(r.text, m->text, sizeof(r.text));
	return conf_add_recipient(c, &r);
}

static const struct {
	const struct ipc_type *type;
	bool (*take)(struct conf *, const void *);
} takers[] = {
	{ &msg_setting, take_setting },
	{ &msg_accept, take_accept },
	{ &msg_route, take_route },
	{ &msg_route_login, take_login },
	{ &msg_route_source, take_source },
	{ &msg_resolver, take_resolver },
	{ &msg_mx_allow, take_mx_allow },
	{ &msg_bare_ends, take_bare_ends },
	{ &msg_exempt, take_exempt },
	{ &msg_rate, take_rate },
	{ &msg_local, take_local },
	{ &msg_recipients, take_recipients },
	{ &msg_recipient, take_named },
};

bool
confpass_take(struct conf *c, const struct ipc_type *type, const void *msg)
{
	for (size_t i = 0; i < nitems(takers); i++)
		if (takers[i].type == type)
			return takers[i].take(c, msg);
	return false;
}
