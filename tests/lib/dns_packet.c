/* SPDX-License-Identifier: ISC */
/* tests/lib/dns_packet.c - DNS packets by hand, so that they can be wrong. */
#include "tests/lib/dns_packet.h"

#include <string.h>

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_SOA = 6, TYPE_MX = 15, CLASS_IN = 1 };

void
dns_packet_u8(struct dns_packet *p, unsigned int n)
{
	p->bytes[p->len++] = (uint8_t)n;
}

void
dns_packet_u16(struct dns_packet *p, unsigned int n)
{
	dns_packet_u8(p, n >> 8);
	dns_packet_u8(p, n & 0xff);
}

void
dns_packet_u32(struct dns_packet *p, uint32_t n)
{
	dns_packet_u16(p, n >> 16);
	dns_packet_u16(p, n & 0xffff);
}

void
dns_packet_raw(struct dns_packet *p, const char *data, size_t len)
{
	memcpy(p->bytes + p->len, data, len);
	p->len += len;
}

void
dns_packet_name(struct dns_packet *p, const char *name)
{
	size_t n;

	while (*name != '\0') {
		n = strcspn(name, ".");
		dns_packet_u8(p, (unsigned int)n);
		dns_packet_raw(p, name, n);
		name += n + (name[n] == '.');
	}
	dns_packet_u8(p, 0);
}

void
dns_packet_pointer(struct dns_packet *p, size_t to)
{
	dns_packet_u16(p, 0xc000 | (unsigned int)to);
}

void
dns_packet_begin(struct dns_packet *p, unsigned int id, unsigned int flags,
    const uint8_t *question, size_t len)
{
	p->len = 0;
	dns_packet_u16(p, id);
	dns_packet_u16(p, flags);
	dns_packet_u16(p, 1);
	for (int i = 0; i < 3; i++)
		dns_packet_u16(p, 0);
	dns_packet_raw(p, (const char *)question, len);
}

void
dns_packet_count(struct dns_packet *p, enum dns_packet_section section)
{
	unsigned int n = (unsigned int)p->bytes[section] << 8;

	n = (n | p->bytes[section + 1]) + 1;
	p->bytes[section] = (uint8_t)(n >> 8);
	p->bytes[section + 1] = (uint8_t)n;
}

void
dns_packet_fields(
    struct dns_packet *p, unsigned int type, uint32_t ttl, size_t size)
{
	dns_packet_u16(p, type);
	dns_packet_u16(p, CLASS_IN);
	dns_packet_u32(p, ttl);
	dns_packet_u16(p, (unsigned int)size);
}

static size_t
name_size(const char *name)
{
	return name[0] == '\0' ? 1 : strlen(name) + 2;
}

void
dns_packet_a(struct dns_packet *p, const char *owner, uint32_t ttl, uint32_t ip)
{
	dns_packet_count(p, DNS_PACKET_ANSWER);
	dns_packet_name(p, owner);
	dns_packet_fields(p, TYPE_A, ttl, 4);
	dns_packet_u32(p, ip);
}

void
dns_packet_mx(struct dns_packet *p, const char *owner, uint32_t ttl,
    unsigned int preference, const char *host)
{
	dns_packet_count(p, DNS_PACKET_ANSWER);
	dns_packet_name(p, owner);
	dns_packet_fields(p, TYPE_MX, ttl, 2 + name_size(host));
	dns_packet_u16(p, preference);
	dns_packet_name(p, host);
}

void
dns_packet_cname(
    struct dns_packet *p, const char *owner, uint32_t ttl, const char *target)
{
	dns_packet_count(p, DNS_PACKET_ANSWER);
	dns_packet_name(p, owner);
	dns_packet_fields(p, TYPE_CNAME, ttl, name_size(target));
	dns_packet_name(p, target);
}

void
dns_packet_soa(struct dns_packet *p, uint32_t ttl, uint32_t minimum)
{
	dns_packet_count(p, DNS_PACKET_AUTHORITY);
	dns_packet_name(p, "test");
	dns_packet_fields(p, TYPE_SOA, ttl,
	    name_size("ns.test") + name_size("root.test") + 20);
	dns_packet_name(p, "ns.test");
	dns_packet_name(p, "root.test");
	for (int i = 0; i < 4; i++)
		dns_packet_u32(p, 1);
	dns_packet_u32(p, minimum);
}
