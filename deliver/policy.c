/* SPDX-License-Identifier: ISC */
/* deliver/policy.c - what is asked of the connection to a server.
 *
 * Must never let clear text be enough where TLSA records promise TLS.
 */
#include "deliver/policy.h"

#include "common/run/process.h"

#include <string.h>

/* RFC 7672 2.2: its records are the promise of TLS */
static void
dane_asks(struct conn_policy *p, const struct job *j, const struct attempt *a)
{
	p->route.tls = ROUTE_TLS_REQUIRED;
	p->clear = false;
	p->dane = a->dane;
	memcpy(p->name, a->dane->base, sizeof(p->name));
	memcpy(p->host, a->host, sizeof(p->host));
	if (j->transport == TRANSPORT_MX)
		view_copy(view_of(route_hop_host(j->host)), p->domain,
		    sizeof(p->domain));
}

struct conn_policy
policy_of(const struct job *j, const struct attempt *a, bool refused)
{
	const struct routing routing = conf_routing(process_conf());
	struct conn_policy p = { .lmtp = j->transport == TRANSPORT_LMTP,
		.route = j->policy,
		.source = route_hop_source(&routing, j->host),
		.clear = j->clear };
	char ip[IP_TEXT];

	if (j->policy.tls == ROUTE_TLS_OPPORTUNISTIC)
		p.clear = p.clear || refused;
	if (a->dane != NULL)
		dane_asks(&p, j, a);
	else /* a literal has its address in the certificate */
		view_copy(
		    view_of(a->host[0] == '[' ? ip_print(&a->ip, ip) : a->host),
		    p.name, sizeof(p.name));
	return p;
}

bool
policy_is_met(const struct conn *c, const struct conn_policy *p)
{
	const struct conn_policy *made = &c->policy;

	if (made->route.tls < p->route.tls ||
	    made->route.immediate != p->route.immediate ||
	    made->lmtp != p->lmtp || made->source != p->source)
		return false;
	if (p->dane != NULL)
		return dane_eq(made->dane, p->dane) &&
		       strcasecmp(made->host, p->host) == 0 &&
		       strcasecmp(made->domain, p->domain) == 0;
	return p->route.tls < ROUTE_TLS_VERIFY ||
	       strcasecmp(made->name, p->name) == 0;
}

/* Where a certificate is to be verified otherwise, or nothing is asked, TLSA
 * records change nothing; RFC 7672 is about SMTP. */
uint16_t
policy_tlsa_port(const struct job *j)
{
	bool counts = (j->policy.tls == ROUTE_TLS_OPPORTUNISTIC ||
			  j->policy.tls == ROUTE_TLS_REQUIRED) &&
		      j->transport != TRANSPORT_LMTP;

	return counts && conf_number(process_conf(), KEY_DANE) != 0 ? j->port
								    : 0;
}
