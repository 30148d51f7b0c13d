/* SPDX-License-Identifier: ISC */
/* tests/lib/dns_answer.c - from a question's bytes to an answer's bytes. */
#include "tests/lib/dns_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DNS_UDP_PLAIN = 512, DNS_UDP_EDNS = 1232, DNS_GARBAGE_LEN = 40 };

static void
describe(struct dns_answer *a, const ldns_pkt *query, const ldns_rr *question)
{
	char *name = ldns_rdf2str(ldns_rr_owner(question));
	char *type = ldns_rr_type2str(ldns_rr_get_type(question));
	size_t n = strlen(name);

	if (n > 1 && name[n - 1] == '.')
		name[n - 1] = '\0';
	snprintf(a->name, sizeof(a->name), "%s", name);
	snprintf(a->type, sizeof(a->type), "%s", type);
	a->id = ldns_pkt_id(query);
	LDNS_FREE(name);
	LDNS_FREE(type);
}

/* RFC 2308, 3: the SOA's minimum says how long "no" may be believed. */
static void
add_soa(const struct dns_zone *z, ldns_pkt *reply)
{
	char line[256];
	ldns_rr *soa;

	snprintf(line, sizeof(line),
	    ". %u IN SOA ns.test. hostmaster.test. 1 3600 600 86400 %u",
	    z->negative_ttl, z->negative_ttl);
	if (ldns_rr_new_frm_str(&soa, line, 0, NULL, NULL) == LDNS_STATUS_OK)
		ldns_pkt_push_rr(reply, LDNS_SECTION_AUTHORITY, soa);
}

static bool
has_type(const ldns_rr_list *list, ldns_rr_type type)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(list, i)) == type)
			return true;
	return false;
}

static void
fill_honestly(
    const struct dns_zone *z, const ldns_rr *question, ldns_pkt *reply)
{
	ldns_rr_list *answer = ldns_rr_list_new();
	ldns_rr_type type = ldns_rr_get_type(question);
	bool exists;

	exists = dns_zone_find(z, ldns_rr_owner(question), type, answer);
	ldns_pkt_set_aa(reply, true);
	if (!exists)
		ldns_pkt_set_rcode(reply, LDNS_RCODE_NXDOMAIN);
	if (!exists || !(has_type(answer, type) || type == LDNS_RR_TYPE_ANY))
		add_soa(z, reply);
	for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++)
		ldns_pkt_push_rr(
		    reply, LDNS_SECTION_ANSWER, ldns_rr_list_rr(answer, i));
	ldns_rr_list_free(answer);
}

static void
fill_lame(ldns_pkt *reply)
{
	ldns_rr *ns;

	if (ldns_rr_new_frm_str(&ns, ". 60 IN NS ns.test.", 0, NULL, NULL) ==
	    LDNS_STATUS_OK)
		ldns_pkt_push_rr(reply, LDNS_SECTION_AUTHORITY, ns);
	ldns_pkt_set_ra(reply, false);
}

static void
fill(const struct dns_zone *z, enum dns_trick trick, const ldns_rr *question,
    ldns_pkt *reply)
{
	switch (trick) {
	case DNS_NXDOMAIN:
		ldns_pkt_set_rcode(reply, LDNS_RCODE_NXDOMAIN);
		add_soa(z, reply);
		break;
	case DNS_SERVFAIL:
		ldns_pkt_set_rcode(reply, LDNS_RCODE_SERVFAIL);
		break;
	case DNS_REFUSED:
		ldns_pkt_set_rcode(reply, LDNS_RCODE_REFUSED);
		break;
	case DNS_LAME:
		fill_lame(reply);
		break;
	case DNS_WRONG_ID:
		ldns_pkt_set_id(reply, (uint16_t)(ldns_pkt_id(reply) ^ 1));
		fill_honestly(z, question, reply);
		break;
	case DNS_HONEST:
	case DNS_TIMEOUT:
	case DNS_TRUNCATE:
	case DNS_DELAY:
	case DNS_WRONG_SOURCE:
	case DNS_WRONG_QUESTION:
	case DNS_GARBAGE:
		fill_honestly(z, question, reply);
		break;
	}
}

static ldns_rr *
question_for(const ldns_rr *question, enum dns_trick trick)
{
	ldns_rr *copy = ldns_rr_clone(question);

	if (trick == DNS_WRONG_QUESTION) {
		ldns_rdf_deep_free(ldns_rr_owner(copy));
		ldns_rr_set_owner(
		    copy, ldns_dname_new_frm_str("another.question.test"));
	}
	return copy;
}

static ldns_pkt *
make_reply(const struct dns_zone *z, const ldns_pkt *query,
    const ldns_rr *question, enum dns_trick trick)
{
	ldns_pkt *reply = ldns_pkt_new();

	ldns_pkt_set_id(reply, ldns_pkt_id(query));
	ldns_pkt_set_qr(reply, true);
	ldns_pkt_set_rd(reply, ldns_pkt_rd(query));
	ldns_pkt_set_ra(reply, true);
	ldns_pkt_push_rr(
	    reply, LDNS_SECTION_QUESTION, question_for(question, trick));
	if (ldns_pkt_edns(query))
		ldns_pkt_set_edns_udp_size(reply, DNS_UDP_EDNS);
	fill(z, trick, question, reply);
	return reply;
}

/* What fits in a datagram to this asker (RFC 6891, 6.2.3). */
static size_t
udp_limit(const ldns_pkt *query)
{
	size_t theirs;

	if (!ldns_pkt_edns(query))
		return DNS_UDP_PLAIN;
	theirs = ldns_pkt_edns_udp_size(query);
	return theirs < DNS_UDP_PLAIN  ? DNS_UDP_PLAIN
	       : theirs > DNS_UDP_EDNS ? DNS_UDP_EDNS
				       : theirs;
}

/* An empty answer with TC: the asker is to come by TCP. */
static void
truncate_reply(ldns_pkt *reply)
{
	ldns_rr_list *dropped[] = { ldns_pkt_answer(reply),
		ldns_pkt_authority(reply) };

	for (size_t i = 0; i < 2; i++) {
		while (ldns_rr_list_rr_count(dropped[i]) > 0)
			ldns_rr_free(ldns_rr_list_pop_rr(dropped[i]));
	}
	ldns_pkt_set_ancount(reply, 0);
	ldns_pkt_set_nscount(reply, 0);
	ldns_pkt_set_tc(reply, true);
}

static void
encode(struct dns_answer *a, const ldns_pkt *reply)
{
	if (ldns_pkt2wire(&a->data, reply, &a->len) != LDNS_STATUS_OK)
		a->data = NULL;
}

/* The id stays, the rest is a pattern that is no message. */
static void
spoil(struct dns_answer *a)
{
	for (size_t i = 2; i < a->len; i++)
		a->data[i] = (uint8_t)(0xc0 | (i * 37 & 0x3f));
	if (a->len > DNS_GARBAGE_LEN)
		a->len = DNS_GARBAGE_LEN;
}

static void
answer_query(const struct dns_zone *z, const ldns_pkt *query, bool udp,
    struct dns_answer *a)
{
	const ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(query), 0);
	enum dns_trick trick;
	ldns_pkt *reply;

	describe(a, query, question);
	a->rule = dns_zone_rule(z, ldns_rr_owner(question));
	trick = a->rule->trick;
	if (trick == DNS_TIMEOUT)
		return;
	reply = make_reply(z, query, question, trick);
	encode(a, reply);
	if (udp && (trick == DNS_TRUNCATE || a->len > udp_limit(query))) {
		free(a->data);
		truncate_reply(reply);
		encode(a, reply);
	}
	if (trick == DNS_GARBAGE && a->data != NULL)
		spoil(a);
	ldns_pkt_free(reply);
}

bool
dns_answer_make(
    const struct dns_zone *z, struct view bytes, bool udp, struct dns_answer *a)
{
	ldns_pkt *query;
	bool good;

	memset(a, 0, sizeof(*a));
	if (ldns_wire2pkt(&query, (const uint8_t *)bytes.data, bytes.len) !=
	    LDNS_STATUS_OK)
		return false;
	good = !ldns_pkt_qr(query) && ldns_pkt_qdcount(query) == 1;
	if (good)
		answer_query(z, query, udp, a);
	ldns_pkt_free(query);
	return good;
}
