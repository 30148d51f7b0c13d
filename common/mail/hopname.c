/* SPDX-License-Identifier: ISC */
/* common/mail/hopname.c - next hops as people name them. */
#include "common/mail/hopname.h"

#include "common/base/alloc.h"
#include "common/mail/idna.h"

#include <stdio.h>
#include <string.h>

bool
hopname_host(struct view v, char out[DOMAIN_MAX + 1])
{
	char text[IP_TEXT];
	struct ip ip;

	if (ip_parse(v, &ip) || domain_literal_ip(v, &ip)) {
		snprintf(out, DOMAIN_MAX + 1, "[%s%s]",
		    ip.family == 6 ? "IPv6:" : "", ip_print(&ip, text));
		return true;
	}
	return idna_to_ascii(v, out);
}

/* Adds to what is there; false: no room. */
static bool
add(char out[DOMAIN_MAX + 1], struct view v)
{
	size_t n = strlen(out);

	return n + v.len <= DOMAIN_MAX &&
	       view_copy(v, out + n, DOMAIN_MAX + 1 - n);
}

/* One, or several with commas. */
static bool
add_hosts(char out[DOMAIN_MAX + 1], struct view v)
{
	char host[DOMAIN_MAX + 1];

	for (size_t i = 0; i < ROUTE_HOSTS_MAX; i++) {
		size_t n = view_find(v, ',');

		if (!hopname_host(view_make(v.data, n), host) ||
		    !add(out, view_of(host)))
			return false;
		if (n == v.len)
			return true;
		if (!add(out, view_of(",")))
			return false;
		v = view_skip(v, n + 1);
	}
	return false;
}

/* Past "USER@", of which the last "@" is the one. */
static bool
add_user(char out[DOMAIN_MAX + 1], struct view *v)
{
	size_t n = v->len;

	while (n > 0 && v->data[n - 1] != '@')
		n--;
	if (n == 0)
		return true;
	if (n == 1 || !add(out, view_make(v->data, n)))
		return false;
	*v = view_skip(*v, n);
	return true;
}

/* Past "SOURCE%". */
static bool
add_source(char out[DOMAIN_MAX + 1], struct view *v)
{
	size_t n = view_find(*v, '%');

	if (n == v->len)
		return true;
	for (size_t i = 0; i < n; i++)
		if (!(v->data[i] >= 'a' && v->data[i] <= 'z') &&
		    !(v->data[i] >= '0' && v->data[i] <= '9') &&
		    v->data[i] != '-')
			return false;
	if (n == 0 || n > SOURCE_MAX || !add(out, view_make(v->data, n + 1)))
		return false;
	*v = view_skip(*v, n + 1);
	return true;
}

static bool
is_socket(struct view v)
{
	return v.len > 1 && v.data[0] == '/' && v.len <= ROUTE_SOCKET_MAX &&
	       view_find(v, '@') == v.len && view_find(v, '%') == v.len &&
	       view_find(v, ',') == v.len;
}

/* A login and a source belong to hosts alone, as routes have them. */
static bool
name_parse(struct view v, struct hopname *h)
{
	struct view whole = v;

	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.data[i] < ' ' || v.data[i] == 0x7f)
			return false;
	if (is_socket(v)) {
		if (h->transport != 0 && h->transport != TRANSPORT_LMTP)
			return false;
		h->transport = TRANSPORT_LMTP;
		return add(h->host, v);
	}
	if (!add_user(h->host, &v))
		return false;
	if (v.len < whole.len && h->transport == TRANSPORT_MX)
		return false;
	if (!add_source(h->host, &v) || !add_hosts(h->host, v))
		return false;
	/* by MX the name is a domain */
	return h->transport != TRANSPORT_MX || view_find(v, ',') == v.len;
}

/* Cuts " port N" off its end, if it is there. */
static void
port_parse(struct view *v, struct hopname *h)
{
	static const char word[] = " port ";
	const size_t len = sizeof(word) - 1;
	size_t n = v->len;
	uint64_t port;

	while (n > 0 && v->data[n - 1] != ' ')
		n--;
	if (n <= len || !view_is(view_make(v->data + n - len, len), word))
		return;
	if (!view_u64(view_skip(*v, n), &port) || port < 1 || port > 65535)
		return;
	h->port = (uint16_t)port;
	v->len = n - len;
}

/* Past "TRANSPORT ", if it is there. */
static void
transport_parse(struct view *v, struct hopname *h)
{
	static const enum transport all[] = { TRANSPORT_MX, TRANSPORT_HOST,
		TRANSPORT_LMTP };
	size_t n = view_find(*v, ' ');

	for (size_t i = 0; n < v->len && i < nitems(all); i++)
		if (view_is(view_make(v->data, n), transport_word(all[i]))) {
			h->transport = all[i];
			*v = view_skip(*v, n + 1);
			return;
		}
}

bool
hopname_parse(struct view v, struct hopname *h)
{
	memset(h, 0, sizeof(*h));
	transport_parse(&v, h);
	/* a path has no port, however it ends; a login may begin as one */
	if (v.len == 0 || v.data[0] != '/' || view_find(v, '@') < v.len)
		port_parse(&v, h);
	return name_parse(v, h);
}

const char *
hopname_print(const struct hopname *h, char out[HOPNAME_MAX + 1])
{
	int n = snprintf(out, HOPNAME_MAX + 1, "%s%s%s",
	    h->transport == 0 ? "" : transport_word(h->transport),
	    h->transport == 0 ? "" : " ", h->host);

	if (h->port != 0)
		snprintf(
		    out + n, HOPNAME_MAX + 1 - (size_t)n, " port %u", h->port);
	return out;
}

bool
hopname_whole(const struct hopname *h)
{
	return h->transport != 0 &&
	       (h->port != 0 || hop_is_socket(h->transport, h->host));
}

/* What no mail reaches unless a route says so; a domain or a host, whatever
 * its port, may be met at any time. */
static bool
needs_route(const struct hopname *h)
{
	return h->transport == TRANSPORT_HOST ||
	       h->transport == TRANSPORT_LMTP ||
	       strpbrk(h->host, ",/@%") != NULL;
}

/* The name of hosts alone is that of all that goes there. */
static bool
is_row(const struct routing *routing, const struct route *row,
    const struct hopname *h)
{
	const char *domain = route_hop_host(h->host);
	char hop[DOMAIN_MAX + 1];

	if ((h->transport != 0 && h->transport != row->transport) ||
	    (h->port != 0 && h->port != route_port(row)))
		return false;
	/* by MX the host is a domain */
	if (row->transport == TRANSPORT_MX &&
	    (strpbrk(domain, ",/") != NULL ||
		(row->match == ROUTE_DOMAIN &&
		    strcmp(domain, row->domain) != 0)))
		return false;
	if (!route_next_hop(routing, row, domain, hop))
		return false;
	return strcmp(hop, h->host) == 0 ||
	       (!hopname_whole(h) && strcmp(route_hop_host(hop), h->host) == 0);
}

bool
hopname_routed(const struct routing *routing, const struct hopname *h)
{
	if (!needs_route(h))
		return true;
	for (size_t i = 0; i < routing->nrows; i++)
		if (is_row(routing, &routing->rows[i], h))
			return true;
	return false;
}
