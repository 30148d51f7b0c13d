/* SPDX-License-Identifier: ISC */
/* common/base/ip.c - addresses and networks: text, value, sockaddr.
 *
 * Must not resolve names: inet_pton and inet_ntop only.
 */
#include "common/base/ip.h"

#include "common/base/fatal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
	0xff };

static void
set4(struct ip *ip, const void *bytes)
{
	memset(ip, 0, sizeof(*ip));
	ip->family = 4;
	memcpy(ip->bytes, bytes, 4);
}

static void
set6(struct ip *ip, const uint8_t bytes[16])
{
	if (memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0) {
		set4(ip, bytes + sizeof(mapped_prefix));
		return;
	}
	ip->family = 6;
	memcpy(ip->bytes, bytes, 16);
}

bool
ip_parse(struct view v, struct ip *ip)
{
	char text[IP_TEXT];
	uint8_t bytes[16];

	memset(ip, 0, sizeof(*ip));
	if (!view_copy(v, text, sizeof(text)))
		return false;
	if (inet_pton(AF_INET, text, bytes) == 1)
		set4(ip, bytes);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		set6(ip, bytes);
	return ip->family != 0;
}

const char *
ip_print(const struct ip *ip, char out[IP_TEXT])
{
	int family = ip->family == 4 ? AF_INET : AF_INET6;

	if (ip->family == 0 ||
	    inet_ntop(family, ip->bytes, out, IP_TEXT) == NULL)
		strlcpy(out, "unknown", IP_TEXT);
	return out;
}

bool
ip_eq(const struct ip *a, const struct ip *b)
{
	return a->family == b->family &&
	       memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : 16) == 0;
}

uint32_t
ip_hash(const struct ip *ip, uint16_t port)
{
	uint32_t h = 2166136261U ^ port; /* FNV-1a */

	for (size_t i = 0; i < sizeof(ip->bytes); i++)
		h = (h ^ ip->bytes[i]) * 16777619U;
	return h;
}

bool
ip_is_loopback(const struct ip *ip)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (ip->family == 4)
		return ip->bytes[0] == 127;
	return ip->family == 6 && memcmp(ip->bytes, one, 16) == 0;
}

bool
ip_is_unspecified(const struct ip *ip)
{
	static const uint8_t zero[16];

	/* RFC 1122 3.2.1.3: all of 0.0.0.0/8 means "this host" */
	if (ip->family == 4)
		return ip->bytes[0] == 0;
	return ip->family == 6 && memcmp(ip->bytes, zero, 16) == 0;
}

/* The first bits of both are the same. */
static bool
same_prefix(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool
zero_beyond(const struct ip *ip, unsigned int bits)
{
	unsigned int all = ip->family == 4 ? 32 : 128;

	for (unsigned int i = bits; i < all; i++)
		if ((ip->bytes[i / 8] >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

/* What is behind the slash, as bits of the address that ip has become. */
static bool
mask_bits(struct view mask, bool was_mapped, unsigned int all, uint8_t *bits)
{
	uint64_t n;

	if (mask.len > 3 || (mask.len > 1 && mask.data[0] == '0') ||
	    !view_u64(mask, &n))
		return false;
	if (was_mapped) {
		if (n < 96)
			return false;
		n -= 96;
	}
	*bits = (uint8_t)n;
	return n <= all;
}

bool
network_parse(struct view v, struct network *net)
{
	size_t slash = view_find(v, '/');
	struct view address = view_make(v.data, slash);
	unsigned int all;
	bool mapped;

	if (!ip_parse(address, &net->ip))
		return false;
	all = net->ip.family == 4 ? 32 : 128;
	mapped = all == 32 && view_find(address, ':') < address.len;
	net->bits = (uint8_t)all;
	if (slash < v.len &&
	    !mask_bits(view_skip(v, slash + 1), mapped, all, &net->bits))
		return false;
	return zero_beyond(&net->ip, net->bits);
}

bool
network_has(const struct network *net, const struct ip *ip)
{
	return ip->family != 0 && net->ip.family == ip->family &&
	       same_prefix(net->ip.bytes, ip->bytes, net->bits);
}

bool
ip_from_sockaddr(const struct sockaddr *sa, struct ip *ip, uint16_t *port)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memset(ip, 0, sizeof(*ip));
	*port = 0;
	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		set4(ip, &in.sin_addr);
		*port = ntohs(in.sin_port);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		set6(ip, in6.sin6_addr.s6_addr);
		*port = ntohs(in6.sin6_port);
	}
	return ip->family != 0;
}

void
ip_to_sockaddr(const struct ip *ip, uint16_t port, struct sockaddr_storage *ss,
    socklen_t *len)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	memset(ss, 0, sizeof(*ss));
	if (ip->family == 4) {
		in.sin_port = htons(port);
		memcpy(&in.sin_addr, ip->bytes, 4);
		memcpy(ss, &in, sizeof(in));
		*len = sizeof(in);
	} else if (ip->family == 6) {
		in6.sin6_port = htons(port);
		memcpy(&in6.sin6_addr, ip->bytes, 16);
		memcpy(ss, &in6, sizeof(in6));
		*len = sizeof(in6);
	} else
		panic("address is not set");
}
