/* SPDX-License-Identifier: ISC */
/* resolve/question.c - one question to the DNS: its bytes, and the reading
 * of what comes back.
 *
 * The only user of ldns, and only to make queries and to unpack one record
 * at a time: scan.c has walked over the packet before.
 */
#include "resolve/question.h"

#include "common/base/alloc.h"
#include "common/mail/domain.h"
#include "resolve/scan.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

enum {
	RCODE_FORMERR = 1,
	RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4,
	RCODE_REFUSED = 5,
	RCODE_BADVERS = 16,
	TTL_UNKNOWN = 0 /* the cache's least */
};

/* The records of one packet that matter, unpacked. */
struct records {
	ldns_rr *rr[SCAN_RECORDS];
	size_t count;
};

static ldns_pkt *
query_new(const char *name, enum dns_type type)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(name);
	ldns_pkt *p;

	if (owner == NULL)
		return NULL;
	p = ldns_pkt_query_new(
	    owner, (ldns_rr_type)type, LDNS_RR_CLASS_IN, LDNS_RD);
	if (p == NULL)
		ldns_rdf_deep_free(owner);
	return p;
}

bool
question_make(struct question *q, const char *name, enum dns_type type,
    unsigned int flags)
{
	ldns_pkt *p = query_new(name, type);
	uint8_t *wire = NULL;
	size_t len = 0;
	bool fine;

	memset(q, 0, sizeof(*q));
	if (p == NULL)
		return false;
	if ((flags & QUESTION_PLAIN) == 0)
		ldns_pkt_set_edns_udp_size(p, QUESTION_UDP);
	if ((flags & QUESTION_DO) != 0)
		ldns_pkt_set_edns_do(p, true);
	ldns_pkt_set_cd(p, (flags & QUESTION_CD) != 0);
	/* RFC 6840 5.7: with AD set we ask to be told what was validated */
	ldns_pkt_set_ad(p, true);
	fine = ldns_pkt2wire(&wire, p, &len) == LDNS_STATUS_OK &&
	       len <= sizeof(q->bytes);
	ldns_pkt_free(p);
	if (fine) {
		memcpy(q->bytes, wire, len);
		q->type = (uint16_t)type;
		q->len = len;
		while (q->bytes[SCAN_HEADER + q->section] != 0)
			q->section += q->bytes[SCAN_HEADER + q->section] + 1U;
		q->section += 1 + 4; /* the root, type and class */
	}
	LDNS_FREE(wire);
	return fine;
}

void
question_set_id(struct question *q, uint16_t id)
{
	q->bytes[0] = (uint8_t)(id >> 8);
	q->bytes[1] = (uint8_t)id;
}

void
question_mix(struct question *q, const uint8_t bits[32])
{
	uint8_t *name = q->bytes + SCAN_HEADER;

	/* a label's length is at most 63 and so never taken for a letter */
	for (size_t i = 0; i + 4 < q->section; i++) {
		uint8_t lower = name[i] | 0x20;

		if (lower < 'a' || lower > 'z')
			continue;
		name[i] = (bits[i / 8 % 32] >> i % 8 & 1) != 0
			      ? (uint8_t)(lower & ~0x20)
			      : lower;
	}
}

static bool
is_ours(const struct question *q, struct view p, const struct scan *s)
{
	return s->is_response && s->opcode == 0 && s->nquestion == 1 &&
	       p.len >= SCAN_HEADER + q->section &&
	       memcmp(p.data, q->bytes, 2) == 0 &&
	       memcmp(p.data + SCAN_HEADER, q->bytes + SCAN_HEADER,
		   q->section) == 0;
}

static ldns_rr *
unpack(struct view p, size_t at)
{
	ldns_rr *rr = NULL;

	if (ldns_wire2rr(&rr, (const uint8_t *)p.data, p.len, &at,
		LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
		return NULL;
	ldns_rr2canonical(rr);
	return rr;
}

static void
records_free(struct records *r)
{
	for (size_t i = 0; i < r->count; i++)
		ldns_rr_free(r->rr[i]);
}

static bool
records_unpack(struct view p, const struct scan *s, struct records *r)
{
	r->count = 0;
	for (size_t i = 0; i < s->count; i++) {
		r->rr[r->count] = unpack(p, s->at[i]);
		if (r->rr[r->count] == NULL) {
			records_free(r);
			return false;
		}
		r->count++;
	}
	return true;
}

/* RFC 2181 8: with the uppermost bit set it counts as zero. */
static uint32_t
ttl_of(const ldns_rr *rr)
{
	uint32_t ttl = ldns_rr_ttl(rr);

	return ttl > INT32_MAX ? 0 : ttl;
}

static uint32_t
lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool
is_of(const ldns_rr *rr, const ldns_rdf *owner, uint16_t type)
{
	return ldns_rr_get_type(rr) == (ldns_rr_type)type &&
	       ldns_rdf_compare(ldns_rr_owner(rr), owner) == 0;
}

/* As text; false when a dot within a label would make another name of it. */
static bool
name_write(const ldns_rdf *name, char out[MSG_DOMAIN_MAX + 1], size_t *length)
{
	const char *p = (const char *)ldns_rdf_data(name);
	size_t len = 0, n;

	out[0] = '\0';
	while ((n = (uint8_t)*p++) != 0) {
		if (memchr(p, '.', n) != NULL)
			return false;
		/* 255 bytes on the wire are at most 253 of text */
		if (len > 0)
			out[len++] = '.';
		memcpy(out + len, p, n);
		len += n;
		p += n;
	}
	out[len] = '\0';
	*length = len;
	return true;
}

/* As text that the rest of postern may see; false if it is no host name. */
static bool
name_text(const ldns_rdf *name, char out[MSG_DOMAIN_MAX + 1])
{
	size_t len;

	return name_write(name, out, &len) &&
	       (len == 0 || domain_valid(view_make(out, len)));
}

/*
 * Where CNAMEs lead, to be asked for.  In reverse zones that may be
 * "0/25.2.0.192.in-addr.arpa", RFC 2317 4: only asked for, never told.
 */
static bool
alias_text(const ldns_rdf *name, uint16_t type, char out[MSG_DOMAIN_MAX + 1])
{
	char plain[MSG_DOMAIN_MAX + 1];
	size_t len;

	if (!name_write(name, out, &len) || len == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		plain[i] = out[i] == '/' && type == DNS_PTR ? '-' : out[i];
	return domain_valid(view_make(plain, len));
}

static void
add_ip(struct answer *a, const ldns_rr *rr, uint8_t family)
{
	const ldns_rdf *data = ldns_rr_rdf(rr, 0);
	struct ip ip = { .family = family };

	memcpy(ip.bytes, ldns_rdf_data(data), ldns_rdf_size(data));
	answer_add_ip(a, &ip);
}

/*
 * An exchanger that is no host name is left out; an answer that loses all of
 * them this way still says "found": RFC 5321 5.1 forbids to go on as if there
 * were no MX.
 */
static void
add_mx(struct answer *a, const ldns_rr *rr)
{
	char host[MSG_DOMAIN_MAX + 1];

	if (name_text(ldns_rr_rdf(rr, 1), host))
		answer_add_mx(
		    a, ldns_rdf2native_int16(ldns_rr_rdf(rr, 0)), host);
}

static void
add_ptr(struct answer *a, const ldns_rr *rr)
{
	char host[MSG_DOMAIN_MAX + 1];

	if (name_text(ldns_rr_rdf(rr, 0), host) && host[0] != '\0')
		answer_add_mx(a, 0, host);
}

/* What is cut short is left out: it would be unusable anyway. */
static void
add_tlsa(struct answer *a, const ldns_rr *rr)
{
	ldns_buffer *wire = ldns_buffer_new(LDNS_MAX_PACKETLEN);
	struct buf line;

	buf_init(&line, TLSA_TEXT_MAX);
	if (wire != NULL &&
	    ldns_rr_rdata2buffer_wire(wire, rr) == LDNS_STATUS_OK &&
	    tlsa_print(view_make((const char *)ldns_buffer_begin(wire),
			   ldns_buffer_position(wire)),
		&line))
		answer_add_mx(a, 0, buf_string(&line));
	buf_free(&line);
	ldns_buffer_free(wire);
}

static void
add(struct answer *a, const ldns_rr *rr, uint16_t type)
{
	switch (type) {
	case DNS_MX:
		add_mx(a, rr);
		break;
	case DNS_A:
	case DNS_AAAA:
		add_ip(a, rr, type == DNS_A ? 4 : 6);
		break;
	case DNS_PTR:
		add_ptr(a, rr);
		break;
	case DNS_TLSA:
		add_tlsa(a, rr);
		break;
	default: /* that they are there is all that was asked */
		break;
	}
}

static size_t
most(uint16_t type)
{
	switch (type) {
	case DNS_MX:
		return ANSWER_MX_MAX;
	case DNS_PTR:
		return ANSWER_PTR_MAX;
	case DNS_TLSA:
		return ANSWER_TLSA_MAX;
	default:
		return ANSWER_ADDR_MAX;
	}
}

/* The records at the end of the CNAMEs, NULL when there are none. */
static struct answer *
collect(const struct records *r, const ldns_rdf *owner, uint16_t type)
{
	size_t max = most(type);
	struct answer *a = NULL;

	for (size_t i = 0; i < r->count; i++) {
		if (!is_of(r->rr[i], owner, type))
			continue;
		if (a == NULL) {
			a = answer_new(ANSWER_FOUND, max);
			a->ttl = ttl_of(r->rr[i]);
		}
		if (a->count == max)
			break;
		add(a, r->rr[i], type);
		a->ttl = lesser(a->ttl, ttl_of(r->rr[i]));
	}
	return a;
}

static const ldns_rr *
cname_of(const struct records *r, const ldns_rdf *owner)
{
	for (size_t i = 0; i < r->count; i++)
		if (is_of(r->rr[i], owner, DNS_CNAME))
			return r->rr[i];
	return NULL;
}

/* RFC 2308 5: the lesser of the SOA's own time and its last number. */
static uint32_t
negative_ttl(struct view p, const struct scan *s)
{
	ldns_rr *soa = s->soa == 0 ? NULL : unpack(p, s->soa);
	uint32_t ttl = TTL_UNKNOWN;

	if (soa == NULL)
		return ttl;
	ttl = lesser(ttl_of(soa), ldns_rdf2native_int32(ldns_rr_rdf(soa, 6)));
	ldns_rr_free(soa);
	return ttl;
}

static enum reading
broken(struct question_read *out, const char *why)
{
	snprintf(out->why, sizeof(out->why), "%s", why);
	return READING_BROKEN;
}

/* Nothing at the end of the CNAMEs: is that an answer? */
static enum reading
read_nothing(struct view p, const struct scan *s, uint16_t type,
    const ldns_rdf *last, struct question_read *out)
{
	bool no_name = s->rcode == RCODE_NXDOMAIN;

	if (!no_name && s->soa == 0 && out->cnames > 0)
		return alias_text(last, type, out->alias)
			   ? READING_ALIAS
			   : broken(out, "CNAME to what is no host name");
	/* RFC 2308 2.2: a referral, from a server that does not resolve */
	if (!no_name && s->soa == 0 &&
	    (s->refers || !(s->recursive || s->authoritative)))
		return broken(out, "lame server");
	out->answer = answer_new(no_name ? ANSWER_NO_NAME : ANSWER_NONE, 0);
	out->answer->ttl = negative_ttl(p, s);
	return READING_ANSWER;
}

static void
note_alias(struct answer *a, const ldns_rdf *owner)
{
	char alias[MSG_DOMAIN_MAX + 1];

	if (name_text(owner, alias) && alias[0] != '\0')
		a->alias = mem_copy_string(alias);
}

static enum reading
follow(const struct question *q, struct view p, const struct scan *s,
    const struct records *r, struct question_read *out)
{
	size_t at = SCAN_HEADER;
	ldns_rdf *first = NULL;
	const ldns_rdf *owner;
	const ldns_rr *cname;
	enum reading reading;

	if (ldns_wire2dname(&first, q->bytes, q->len, &at) != LDNS_STATUS_OK)
		return broken(out, "malformed question");
	ldns_dname2canonical(first);
	owner = first;
	while ((out->answer = collect(r, owner, q->type)) == NULL &&
	       (cname = cname_of(r, owner)) != NULL &&
	       out->cnames++ < QUESTION_CNAMES) {
		out->alias_ttl = lesser(out->alias_ttl, ttl_of(cname));
		owner = ldns_rr_rdf(cname, 0);
	}
	if (out->answer != NULL)
		reading = READING_ANSWER;
	else if (out->cnames > QUESTION_CNAMES)
		reading = broken(out, "too many CNAMEs");
	else
		reading = read_nothing(p, s, q->type, owner, out);
	if (out->answer != NULL && out->cnames > 0)
		note_alias(out->answer, owner);
	ldns_rdf_deep_free(first);
	return reading;
}

static enum reading
read_rcode(uint16_t rcode, struct question_read *out)
{
	switch (rcode) {
	case RCODE_FORMERR:
	case RCODE_NOTIMP:
	case RCODE_BADVERS:
		return READING_NO_EDNS;
	case RCODE_SERVFAIL:
		out->servfail = true;
		return broken(out, "SERVFAIL");
	case RCODE_REFUSED:
		return broken(out, "REFUSED");
	default: /* an open set, RFC 6895 2.3 */
		snprintf(out->why, sizeof(out->why), "rcode %u", rcode);
		return READING_BROKEN;
	}
}

enum reading
question_read(
    const struct question *q, struct view p, struct question_read *out)
{
	struct records records;
	enum reading reading;
	const char *why;
	struct scan s;

	memset(out, 0, sizeof(*out));
	out->alias_ttl = UINT32_MAX;
	if (!scan_header(p, &s) || !is_ours(q, p, &s))
		return READING_FOREIGN;
	if (s.truncated)
		return READING_TRUNCATED;
	if (!scan_records(p, q->type, &s, &why))
		return broken(out, why);
	extended_read(
	    view_make(p.data + s.options, s.options_len), &out->extended);
	if (s.rcode != 0 && s.rcode != RCODE_NXDOMAIN)
		return read_rcode(s.rcode, out);
	if (!records_unpack(p, &s, &records))
		return broken(out, "malformed record");
	reading = follow(q, p, &s, &records, out);
	records_free(&records);
	if (reading == READING_ANSWER) {
		out->answer->ttl = lesser(out->answer->ttl, out->alias_ttl);
		out->answer->secure = s.validated;
	}
	return reading;
}
