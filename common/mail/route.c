/* SPDX-License-Identifier: ISC */
/* common/mail/route.c - which transport and next hop a recipient has.
 *
 * Must not resolve anything: queue runs this at every attempt, and "explain"
 * shows what it would do.
 */
#include "common/mail/route.h"

#include <stdio.h>
#include <string.h>

static const struct route to_mx = { .match = ROUTE_ANY,
	.transport = TRANSPORT_MX,
	.port = SMTP_PORT,
	.tls = ROUTE_TLS_OPPORTUNISTIC };

bool
route_is_local(const struct routing *routing, const struct mailbox *m)
{
	struct view domain = view_of(m->domain);

	if (domain.len == 0 || view_is(domain, "localhost") ||
	    view_is_nocase(domain, routing->hostname))
		return true;
	for (size_t i = 0; i < routing->nlocals; i++)
		if (view_is_nocase(domain, routing->locals[i]))
			return true;
	return false;
}

/* Whose mail it is, in the form of the rows. */
struct whose {
	char address[ADDRESS_MAX + 1]; /* "" the null sender, or unknown */
	char domain[DOMAIN_MAX + 1];
	const char *login;
};

static void
whose_make(struct whose *w, const struct route_origin *o)
{
	struct mailbox box;

	w->address[0] = w->domain[0] = '\0';
	w->login = o == NULL || o->login == NULL ? "" : o->login;
	if (o == NULL || !mailbox_parse(view_of(o->sender), &box, true))
		return;
	mailbox_print(&box, w->address);
	memcpy(w->domain, box.domain, sizeof(w->domain));
}

static bool
is_from(const struct route *row, const struct whose *w)
{
	switch (row->from) {
	case ROUTE_FROM_ANY:
		return true;
	case ROUTE_FROM_ADDRESS:
		return view_is_nocase(view_of(w->address), row->whose);
	case ROUTE_FROM_DOMAIN:
		return view_is_nocase(view_of(w->domain), row->whose);
	case ROUTE_FROM_LOGIN:
		return strcmp(w->login, row->whose) == 0;
	}
	return false;
}

static bool
is_for(const struct route *row, const struct mailbox *m, bool local)
{
	switch (row->match) {
	case ROUTE_ANY:
		return true;
	case ROUTE_LOCAL:
		return local;
	case ROUTE_DOMAIN:
		return view_is_nocase(view_of(m->domain), row->domain);
	}
	return false;
}

const char *
transport_word(enum transport transport)
{
	switch (transport) {
	case TRANSPORT_MX:
		return "mx";
	case TRANSPORT_HOST:
		return "host";
	case TRANSPORT_LOOKUP:
		return "lookup";
	case TRANSPORT_LMTP:
		return "lmtp";
	}
	return "?";
}

bool
hop_is_socket(enum transport transport, const char *hop)
{
	return transport == TRANSPORT_LMTP && hop[0] == '/' &&
	       strchr(hop, '@') == NULL; /* that of a login */
}

/* RFC 2033 5: not 25; 24 is any private mail system's (IANA). */
uint16_t
route_port(const struct route *row)
{
	if (hop_is_socket(row->transport, row->host))
		return 0;
	if (row->port != 0)
		return row->port;
	return row->transport == TRANSPORT_LMTP ? LMTP_PORT : SMTP_PORT;
}

size_t
route_socket(const struct routing *routing, const char *hop)
{
	for (size_t i = 0; i < routing->nrows; i++)
		if (hop_is_socket(
			routing->rows[i].transport, routing->rows[i].host) &&
		    strcmp(routing->rows[i].host, hop) == 0)
			return i + 1;
	return 0;
}

static const struct route *
first_match(const struct routing *routing, const struct mailbox *m, bool local,
    const struct route_origin *origin)
{
	struct whose w;

	whose_make(&w, origin);
	for (size_t i = 0; i < routing->nrows; i++)
		if (is_for(&routing->rows[i], m, local) &&
		    is_from(&routing->rows[i], &w))
			return &routing->rows[i];
	return &to_mx;
}

static bool
is_caretaker(const struct mailbox *m)
{
	return view_is_nocase(view_of(m->local), "postmaster") ||
	       view_is_nocase(view_of(m->local), "root");
}

static const struct route_login *
login_of(const struct routing *routing, const struct route *row)
{
	if (row->login == 0 || row->login > routing->nlogins)
		return NULL;
	return &routing->logins[row->login - 1];
}

static const char *
source_of(const struct routing *routing, const struct route *row)
{
	if (row->source == 0 || row->source > routing->nsources)
		return "";
	return routing->sources[row->source - 1].name;
}

bool
route_next_hop(const struct routing *routing, const struct route *row,
    const char *domain, char out[DOMAIN_MAX + 1])
{
	const struct route_login *login = login_of(routing, row);
	const char *source = source_of(routing, row);
	const char *host = row->transport == TRANSPORT_MX ? domain : row->host;
	int n = snprintf(out, DOMAIN_MAX + 1, "%s%s%s%s%s",
	    login == NULL ? "" : login->user, login == NULL ? "" : "@", source,
	    source[0] == '\0' ? "" : "%", host);

	return n >= 0 && n <= DOMAIN_MAX;
}

bool
route_next_host(struct view *list, char out[DOMAIN_MAX + 1])
{
	size_t n = view_find(*list, ',');

	if (list->len == 0 ||
	    !view_copy(view_make(list->data, n), out, DOMAIN_MAX + 1))
		return false;
	*list = view_skip(*list, n < list->len ? n + 1 : n);
	return true;
}

/* A host has no "@" and no "%", a user may have several. */
static const char *
behind_user(const char *hop)
{
	const char *at = strrchr(hop, '@');

	return at == NULL ? hop : at + 1;
}

const char *
route_hop_host(const char *hop)
{
	const char *host = behind_user(hop), *mark = strchr(host, '%');

	return mark == NULL ? host : mark + 1;
}

const struct route_source *
route_hop_source(const struct routing *routing, const char *hop)
{
	const char *name = behind_user(hop), *mark = strchr(name, '%');

	for (size_t i = 0; mark != NULL && i < routing->nsources; i++)
		if (view_is(view_make(name, (size_t)(mark - name)),
			routing->sources[i].name))
			return &routing->sources[i];
	return NULL;
}

static bool
is_login(const struct route_login *l, const char *hop, uint16_t port)
{
	size_t n = (size_t)(behind_user(hop) - hop);

	return n == strlen(l->user) + 1 && strncmp(hop, l->user, n - 1) == 0 &&
	       view_is_nocase(view_of(route_hop_host(hop)), l->host) &&
	       port == (l->port == 0 ? SMTP_PORT : l->port);
}

size_t
route_hop_login(const struct routing *routing, enum transport transport,
    const char *hop, uint16_t port)
{
	if (transport != TRANSPORT_HOST && transport != TRANSPORT_LMTP)
		return 0;
	for (size_t i = 0; i < routing->nlogins; i++)
		if (is_login(&routing->logins[i], hop, port))
			return i + 1;
	return 0;
}

static void
go_to(struct route_result *r, const struct routing *routing,
    const struct route *row, const struct mailbox *m)
{
	r->verdict = ROUTE_TO;
	r->transport = row->transport;
	/* a domain so long that the source has no room goes without it */
	if (!route_next_hop(routing, row, m->domain, r->host))
		strlcpy(r->host, m->domain, sizeof(r->host));
}

void
route_find(const struct routing *routing, const struct mailbox *m,
    const struct route_origin *origin, struct route_result *r)
{
	bool local = route_is_local(routing, m);
	const struct route *row = first_match(routing, m, local, origin);

	memset(r, 0, sizeof(*r));
	r->port = route_port(row);
	if (row != &to_mx)
		r->row = (size_t)(row - routing->rows) + 1;
	if (row->transport != TRANSPORT_MX)
		go_to(r, routing, row, m);
	else if (local && row->match != ROUTE_DOMAIN)
		/* the MX of a local domain would be ourselves */
		r->verdict = is_caretaker(m) ? ROUTE_HOLD : ROUTE_NOWHERE;
	else
		go_to(r, routing, row, m);
}

/* Does this row send anything there?  By MX the domain is the host. */
static bool
leads_to(const struct routing *routing, const struct route *row,
    enum transport transport, const char *hop, uint16_t port)
{
	const char *domain = route_hop_host(hop);
	char own[DOMAIN_MAX + 1];

	if (row->transport != transport || route_port(row) != port)
		return false;
	if (transport == TRANSPORT_MX && row->match == ROUTE_DOMAIN &&
	    !view_is_nocase(view_of(domain), row->domain))
		return false;
	return route_next_hop(routing, row, domain, own) &&
	       view_is_nocase(view_of(own), hop);
}

/*
 * By MX the first row for the domain decides, as it does for its mail, and so
 * do those before it that are for somebody's mail; of a host several rows may
 * speak, and mail of each goes over its connections.
 */
struct route_policy
route_policy(const struct routing *routing, enum transport transport,
    const char *host, uint16_t port)
{
	struct route_policy p = { ROUTE_TLS_NONE, false, 0 };
	bool told = false;

	for (size_t i = 0; i < routing->nrows; i++) {
		const struct route *row = &routing->rows[i];

		if (!leads_to(routing, row, transport, host, port))
			continue;
		if (!told || row->tls > p.tls)
			p.line = row->line;
		told = true;
		if (row->tls > p.tls)
			p.tls = row->tls;
		p.immediate = p.immediate || row->immediate;
		if (transport == TRANSPORT_MX && row->from == ROUTE_FROM_ANY)
			break;
	}
	if (!told)
		p.tls = to_mx.tls;
	return p;
}

bool
route_expand(
    const struct routing *routing, const struct mailbox *m, struct mailbox *out)
{
	bool replace = routing->postmaster[0] != '\0' && is_caretaker(m) &&
		       route_is_local(routing, m) &&
		       mailbox_parse(view_of(routing->postmaster), out, false);

	if (!replace)
		*out = *m;
	return replace;
}
