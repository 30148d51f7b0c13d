/* SPDX-License-Identifier: ISC */
/* tests/lib/dns_packet.h - DNS packets by hand, so that they can be wrong.
 *
 * Names are written whole, never compressed, and in the case given; the
 * counts in the header follow the records.
 */
#ifndef TESTS_LIB_DNS_PACKET_H
#define TESTS_LIB_DNS_PACKET_H

#include <stddef.h>
#include <stdint.h>

enum {
	DNS_PACKET_MAX = 65535,
	DNS_PACKET_RESPONSE = 0x8180, /* flags: QR, RD, RA */
	DNS_PACKET_AA = 0x0400,
	DNS_PACKET_TC = 0x0200,
	DNS_PACKET_RA = 0x0080,
	DNS_PACKET_AD = 0x0020
};

/* A section is named by the place of its count. */
enum dns_packet_section {
	DNS_PACKET_ANSWER = 6,
	DNS_PACKET_AUTHORITY = 8,
	DNS_PACKET_ADDITIONAL = 10
};

struct dns_packet {
	uint8_t bytes[DNS_PACKET_MAX];
	size_t len;
};

/* The header, with one question whose bytes are given. */
void dns_packet_begin(struct dns_packet *, unsigned int id, unsigned int flags,
    const uint8_t *question, size_t len);

void dns_packet_u8(struct dns_packet *, unsigned int);
void dns_packet_u16(struct dns_packet *, unsigned int);
void dns_packet_u32(struct dns_packet *, uint32_t);
void dns_packet_raw(struct dns_packet *, const char *, size_t);
void dns_packet_name(struct dns_packet *, const char *);
void dns_packet_pointer(struct dns_packet *, size_t to);
/* One record more in this section. */
void dns_packet_count(struct dns_packet *, enum dns_packet_section);
/* What follows the owner, up to the data, whose size is given. */
void dns_packet_fields(
    struct dns_packet *, unsigned int type, uint32_t ttl, size_t size);

/* Whole records; all but the SOA in the answer section. */
void dns_packet_a(
    struct dns_packet *, const char *owner, uint32_t ttl, uint32_t ip);
void dns_packet_mx(struct dns_packet *, const char *owner, uint32_t ttl,
    unsigned int preference, const char *host);
void dns_packet_cname(
    struct dns_packet *, const char *owner, uint32_t ttl, const char *target);
void dns_packet_soa(struct dns_packet *, uint32_t ttl, uint32_t minimum);

#endif
