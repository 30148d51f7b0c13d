/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_hopname.c - next hops as people name them
 * (common/mail/hopname.h).
 *
 * What is printed is read again as the same, and is what a route may have.
 */
#include "tests/fuzz/fuzz.h"

#include "common/mail/hopname.h"

#include <string.h>

/* The host of a name that was accepted, as the configuration would take it. */
static void
check_host(const struct hopname *h)
{
	struct view list = view_of(route_hop_host(h->host));
	char host[DOMAIN_MAX + 1];
	struct ip ip;
	size_t n = 0;

	if (hop_is_socket(h->transport, h->host)) {
		must(h->port == 0 && strlen(h->host) <= ROUTE_SOCKET_MAX,
		    "a socket has a path and no port");
		return;
	}
	for (; route_next_host(&list, host); n++)
		must(domain_valid(view_of(host)) ||
			 domain_literal_ip(view_of(host), &ip),
		    "hosts are names or addresses");
	must(n > 0 && n <= ROUTE_HOSTS_MAX && list.len == 0,
	    "as many as a route may have");
	must(h->transport != TRANSPORT_MX || n == 1, "by MX it is a domain");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	char text[HOPNAME_MAX + 1], twice[HOPNAME_MAX + 1];
	struct hopname h, again;

	if (!hopname_parse(in, &h))
		return 0;
	check_host(&h);
	for (const char *p = h.host; *p != '\0'; p++)
		must((unsigned char)*p >= ' ' && *p != 0x7f,
		    "no control characters");
	hopname_print(&h, text);
	must(hopname_parse(view_of(text), &again), "what is printed is read");
	must(h.transport == again.transport && h.port == again.port &&
		 strcmp(h.host, again.host) == 0,
	    "as the same");
	must(strcmp(hopname_print(&again, twice), text) == 0,
	    "and printed as the same");
	return 0;
}
