/* SPDX-License-Identifier: ISC */
/* deliver/own.c - the addresses of this machine. */
#include "deliver/own.h"

#include "common/base/fatal.h"

#include <ifaddrs.h>

size_t
own_addresses(struct ip *out, size_t max)
{
	struct ifaddrs *list, *a;
	size_t n = 0;
	uint16_t port;
	struct ip ip;

	if (getifaddrs(&list) == -1)
		fatal("cannot list the addresses of this machine: %m");
	for (a = list; a != NULL && n < max; a = a->ifa_next)
		if (a->ifa_addr != NULL &&
		    ip_from_sockaddr(a->ifa_addr, &ip, &port) &&
		    !ip_is_loopback(&ip))
			out[n++] = ip;
	freeifaddrs(list);
	return n;
}
