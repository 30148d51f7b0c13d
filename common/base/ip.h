/* SPDX-License-Identifier: ISC */
/* common/base/ip.h - addresses of hosts and networks as values.
 *
 * An IPv4 address has one form only: a v4-mapped IPv6 address becomes IPv4 on
 * the way in, so that no rule can be slipped past by writing it otherwise.
 * Nothing here opens a socket; the sockaddr functions only convert.
 */
#ifndef COMMON_BASE_IP_H
#define COMMON_BASE_IP_H

#include "common/base/view.h"

#include <sys/socket.h>

enum { IP_TEXT = 46 }; /* the longest IPv6 text and a NUL */

struct ip {
	uint8_t family;    /* 4 or 6, 0 unset */
	uint8_t bytes[16]; /* network order; the first 4 for family 4 */
};

struct network {
	struct ip ip; /* bits beyond the mask are zero */
	uint8_t bits; /* 0..32 or 0..128 */
};

/* Exactly one address, without brackets, port or scope id. */
bool ip_parse(struct view, struct ip *);
/* Fills out and returns it; "unknown" when unset. */
const char *ip_print(const struct ip *, char out[IP_TEXT]);
bool ip_eq(const struct ip *, const struct ip *);
/* Of a server; whoever chooses addresses can choose it. */
uint32_t ip_hash(const struct ip *, uint16_t port);
bool ip_is_loopback(const struct ip *);    /* 127.0.0.0/8, ::1 */
bool ip_is_unspecified(const struct ip *); /* 0.0.0.0/8, :: */

/*
 * "10.0.0.0/8", or a bare address for one host.  False also when bits are set
 * beyond the mask: "10.0.0.1/8" is more likely a typing error than a wish.
 */
bool network_parse(struct view, struct network *);
bool network_has(const struct network *, const struct ip *);

/* False for anything but AF_INET and AF_INET6; a scope id is dropped. */
bool ip_from_sockaddr(const struct sockaddr *, struct ip *, uint16_t *port);
/* The address must be set. */
void ip_to_sockaddr(
    const struct ip *, uint16_t port, struct sockaddr_storage *, socklen_t *);

#endif
