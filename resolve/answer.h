/* SPDX-License-Identifier: ISC */
/* resolve/answer.h - what the DNS said, in the plain form of this program.
 *
 * One answer belongs to one question (name and type).  It has at most
 * ANSWER_MX_MAX, ANSWER_ADDR_MAX, ANSWER_TLSA_MAX or ANSWER_PTR_MAX records,
 * in the order received.  Times to live are as the DNS gave them; the cache
 * bounds them.
 */
#ifndef RESOLVE_ANSWER_H
#define RESOLVE_ANSWER_H

#include "common/base/ip.h"
#include "common/ipc/msg_resolve.h"

/* The types that are asked for or understood: RFC 1035 3.2.2, RFC 3596 2.1. */
enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_AAAA = 28,
	DNS_TLSA = 52 /* RFC 6698 7.1 */
};

enum { ANSWER_TLSA_MAX = 32, ANSWER_PTR_MAX = 3 };

struct answer_record {
	uint16_t preference; /* MX */
	/* MX: normalised, "" the root; PTR: normalised; TLSA: its line;
	 * else NULL */
	char *host;
	struct ip ip; /* A, AAAA */
};

struct answer {
	enum answer_kind kind;
	bool secure;  /* the AD bit, from a resolver that we believe */
	uint32_t ttl; /* seconds; of "no" the negative one */
	char *text;   /* ANSWER_TROUBLE: why; else NULL */
	char *alias;  /* where CNAMEs led; NULL: nowhere */
	size_t count;
	struct answer_record records[];
};

/* Room for that many records. Yours to answer_free(). */
struct answer *answer_new(enum answer_kind, size_t room);
/* text is copied. */
struct answer *answer_new_trouble(const char *text);
void answer_free(struct answer *); /* NULL is welcome */
void answer_add_mx(struct answer *, uint16_t preference, const char *host);
void answer_add_ip(struct answer *, const struct ip *);

#endif
