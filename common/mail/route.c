/* SPDX-License-Identifier: ISC */
/* common/mail/route.c - which transport and next hop a recipient has.
 *
 * Must not resolve anything: queue runs this at every attempt, and "explain"
 * shows what it would do.
 */
#include "common/mail/route.h"

#include <string.h>

enum { SMTP_PORT = 25 };

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

static bool
matches(const struct route *row, const struct mailbox *m, bool local)
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

static const struct route *
first_match(const struct routing *routing, const struct mailbox *m, bool local)
{
	for (size_t i = 0; i < routing->nrows; i++)
		if (matches(&routing->rows[i], m, local))
			return &routing->rows[i];
	return &to_mx;
}

static bool
is_caretaker(const struct mailbox *m)
{
	return view_is_nocase(view_of(m->local), "postmaster") ||
	       view_is_nocase(view_of(m->local), "root");
}

static void
go_to(struct route_result *r, enum transport transport, const char *host)
{
	r->verdict = ROUTE_TO;
	r->transport = transport;
	strlcpy(r->host, host, sizeof(r->host));
}

void
route_find(const struct routing *routing, const struct mailbox *m,
    struct route_result *r)
{
	bool local = route_is_local(routing, m);
	const struct route *row = first_match(routing, m, local);

	memset(r, 0, sizeof(*r));
	r->port = row->port == 0 ? SMTP_PORT : row->port;
	if (row->transport == TRANSPORT_HOST)
		go_to(r, TRANSPORT_HOST, row->host);
	else if (local && row->match != ROUTE_DOMAIN)
		/* the MX of a local domain would be ourselves */
		r->verdict = is_caretaker(m) ? ROUTE_HOLD : ROUTE_NOWHERE;
	else
		go_to(r, TRANSPORT_MX, m->domain);
}

static uint16_t
port_of(const struct route *row)
{
	return row->port == 0 ? SMTP_PORT : row->port;
}

/* Does this row send anything there?  By MX the domain is the host. */
static bool
leads_to(const struct route *row, enum transport transport, const char *host,
    uint16_t port)
{
	if (row->transport != transport || port_of(row) != port)
		return false;
	if (transport == TRANSPORT_HOST)
		return view_is_nocase(view_of(row->host), host);
	return row->match != ROUTE_DOMAIN ||
	       view_is_nocase(view_of(host), row->domain);
}

/*
 * By MX the first row for the domain decides, as it does for its mail; of a
 * host several rows may speak, and mail of each goes over its connections.
 */
struct route_policy
route_policy(const struct routing *routing, enum transport transport,
    const char *host, uint16_t port)
{
	struct route_policy p = { ROUTE_TLS_NONE, false };
	bool told = false;

	for (size_t i = 0; i < routing->nrows; i++) {
		const struct route *row = &routing->rows[i];

		if (!leads_to(row, transport, host, port))
			continue;
		told = true;
		if (row->tls > p.tls)
			p.tls = row->tls;
		p.immediate = p.immediate || row->immediate;
		if (transport == TRANSPORT_MX)
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
