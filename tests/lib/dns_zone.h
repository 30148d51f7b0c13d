/* SPDX-License-Identifier: ISC */
/* tests/lib/dns_zone.h - what the tests' name server knows, and its tricks.
 *
 * All names live in one zone: what is not in it does not exist.  A name
 * "*.X" answers for every name below X that is not there itself, nor above
 * one that is.
 */
#ifndef TESTS_LIB_DNS_ZONE_H
#define TESTS_LIB_DNS_ZONE_H

#include <ldns/ldns.h>

#include <stdbool.h>
#include <stdint.h>

enum dns_trick {
	DNS_HONEST,
	DNS_NXDOMAIN,
	DNS_SERVFAIL,
	DNS_REFUSED,
	DNS_TIMEOUT,  /* no answer */
	DNS_TRUNCATE, /* TC by UDP, the whole answer by TCP */
	DNS_DELAY,    /* by UDP: the answer comes late */
	DNS_WRONG_ID,
	DNS_WRONG_SOURCE,   /* by UDP: from another port */
	DNS_WRONG_QUESTION, /* the answer is to another name */
	DNS_LAME,           /* a referral to the root, not authoritative */
	DNS_GARBAGE         /* the right id, then noise */
};

struct dns_rule {
	ldns_rdf *name;
	enum dns_trick trick;
	uint32_t delay_ms;
};

struct dns_zone {
	ldns_rr_list *records;
	struct dns_rule *rules;
	size_t nrules;
	uint32_t ttl;
	uint32_t negative_ttl;
};

void dns_zone_init(struct dns_zone *);
void dns_zone_free(struct dns_zone *);
/* These end the program with a message when a line is wrong. */
void dns_zone_add(struct dns_zone *, const char *line); /* NAME TYPE DATA */
void dns_zone_add_rule(struct dns_zone *, const char *line); /* NAME TRICK */
/* A file of records; lines "!NAME TRICK" are rules, "#" begins a comment. */
void dns_zone_load(struct dns_zone *, const char *path);

/* The trick for a name; wildcards as for records. Never NULL. */
const struct dns_rule *dns_zone_rule(
    const struct dns_zone *, const ldns_rdf *name);
/*
 * Adds to answer what is known (a CNAME is followed); true when the name, or
 * the one that the last CNAME leads to, exists.
 */
bool dns_zone_find(const struct dns_zone *, const ldns_rdf *name, ldns_rr_type,
    ldns_rr_list *answer);

#endif
