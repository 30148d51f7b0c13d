/* SPDX-License-Identifier: ISC */
/* resolve/scan.c - the walk over a DNS packet before a library sees it.
 *
 * No allocation, no library, no byte read outside the packet.
 */
#include "resolve/scan.h"

#include "resolve/answer.h"

enum {
	PACKET_MAX = 65535,
	NAME_MAX_BYTES = 255,
	LABEL_LONGEST = 63,
	POINTER = 0xc0,
	POINTERS_MAX = 64, /* in one name */
	CLASS_IN = 1,
	TYPE_SIG = 24,
	TYPE_OPT = 41,
	TYPE_TSIG = 250,
	SOA_NUMBERS = 20 /* bytes behind its two names */
};

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL };

struct record {
	size_t at;
	uint16_t type, class_;
	uint32_t ttl;
	size_t data, len; /* where its data are */
};

static uint8_t
byte_at(struct view p, size_t at)
{
	return (uint8_t)p.data[at];
}

static uint16_t
u16_at(struct view p, size_t at)
{
	return (uint16_t)(byte_at(p, at) << 8 | byte_at(p, at + 1));
}

static uint32_t
u32_at(struct view p, size_t at)
{
	return (uint32_t)u16_at(p, at) << 16 | u16_at(p, at + 2);
}

bool
scan_header(struct view p, struct scan *s)
{
	uint16_t flags;

	*s = (struct scan){ 0 };
	if (p.len < SCAN_HEADER || p.len > PACKET_MAX)
		return false;
	flags = u16_at(p, 2);
	s->id = u16_at(p, 0);
	s->is_response = (flags & 0x8000) != 0;
	s->opcode = flags >> 11 & 0xf;
	s->authoritative = (flags & 0x0400) != 0;
	s->truncated = (flags & 0x0200) != 0;
	s->recursive = (flags & 0x0080) != 0;
	s->validated = (flags & 0x0020) != 0;
	s->rcode = flags & 0xf;
	s->nquestion = u16_at(p, 4);
	return true;
}

/*
 * Moves *at behind the name that begins there.  RFC 1035 4.1.4: a pointer
 * leads to a prior occurrence, so one that does not lead strictly backwards
 * is malformed, and every walk ends.
 */
static bool
name_skip(struct view p, size_t *at)
{
	size_t here = *at, behind = 0, lowest = here, len = 1;
	unsigned int pointers = 0;
	uint8_t n;

	for (;;) {
		if (here >= p.len)
			return false;
		n = byte_at(p, here);
		if (n == 0)
			break;
		if (n > LABEL_LONGEST) {
			if ((n & POINTER) != POINTER || here + 1 >= p.len ||
			    ++pointers > POINTERS_MAX)
				return false;
			if (behind == 0)
				behind = here + 2;
			here = u16_at(p, here) & 0x3fff;
			if (here >= lowest)
				return false;
			lowest = here;
			continue;
		}
		len += n + 1U;
		here += n + 1U;
		if (len > NAME_MAX_BYTES)
			return false;
	}
	*at = behind != 0 ? behind : here + 1;
	return true;
}

static bool
record_take(struct view p, size_t *at, struct record *r)
{
	r->at = *at;
	if (!name_skip(p, at) || p.len - *at < 10)
		return false;
	r->type = u16_at(p, *at);
	r->class_ = u16_at(p, *at + 2);
	r->ttl = u32_at(p, *at + 4);
	r->len = u16_at(p, *at + 8);
	r->data = *at + 10;
	if (r->len > p.len - r->data)
		return false;
	*at = r->data + r->len;
	return true;
}

/* The data are names and numbers of exactly the right length. */
static bool
names_fit(
    struct view p, const struct record *r, unsigned int names, size_t rest)
{
	size_t at = r->data;

	for (unsigned int i = 0; i < names; i++)
		if (!name_skip(p, &at))
			return false;
	return at + rest == r->data + r->len;
}

static bool
mx_fits(struct view p, const struct record *r)
{
	struct record host = *r;

	if (r->len < 3)
		return false;
	host.data += 2;
	host.len -= 2;
	return names_fit(p, &host, 1, 0);
}

static bool
data_fit(struct view p, const struct record *r)
{
	switch (r->type) {
	case DNS_A:
		return r->len == 4;
	case DNS_AAAA:
		return r->len == 16;
	case DNS_CNAME:
	case DNS_PTR:
		return names_fit(p, r, 1, 0);
	case DNS_MX:
		return mx_fits(p, r);
	case DNS_SOA:
		return names_fit(p, r, 2, SOA_NUMBERS);
	case DNS_TLSA:
		return r->len >= 3;
	default: /* not ours to understand: types are an open set */
		return true;
	}
}

static void
keep(struct scan *s, const struct record *r, enum section section,
    uint16_t wanted)
{
	switch (section) {
	case SECTION_ANSWER:
		if ((r->type == wanted || r->type == DNS_CNAME) &&
		    s->count < SCAN_RECORDS)
			s->at[s->count++] = (uint16_t)r->at;
		break;
	case SECTION_AUTHORITY:
		if (r->type == DNS_SOA && s->soa == 0)
			s->soa = (uint16_t)r->at;
		if (r->type == DNS_NS)
			s->refers = true;
		break;
	case SECTION_ADDITIONAL:
		break;
	}
}

static const char *
section_scan(struct view p, size_t *at, enum section section, uint16_t wanted,
    struct scan *s)
{
	uint16_t n = u16_at(p, 6 + 2 * (size_t)section);
	struct record r;

	while (n-- > 0) {
		if (!record_take(p, at, &r))
			return "malformed record";
		if (r.type == TYPE_TSIG || r.type == TYPE_SIG)
			return "signed with TSIG or SIG(0)";
		/* RFC 6891 6.1.3: it brings the upper bits of the rcode */
		if (r.type == TYPE_OPT && section == SECTION_ADDITIONAL) {
			s->rcode |= (uint16_t)(r.ttl >> 24 << 4);
			s->options = (uint16_t)r.data;
			s->options_len = (uint16_t)r.len;
		}
		if (r.class_ != CLASS_IN)
			continue;
		if (!data_fit(p, &r))
			return "malformed data";
		keep(s, &r, section, wanted);
	}
	return NULL;
}

bool
scan_records(struct view p, uint16_t wanted, struct scan *s, const char **why)
{
	size_t at = SCAN_HEADER;

	*why = NULL;
	for (uint16_t n = s->nquestion; n > 0; n--) {
		if (!name_skip(p, &at) || p.len - at < 4) {
			*why = "malformed question";
			return false;
		}
		at += 4;
	}
	*why = section_scan(p, &at, SECTION_ANSWER, wanted, s);
	if (*why == NULL)
		*why = section_scan(p, &at, SECTION_AUTHORITY, wanted, s);
	if (*why == NULL)
		*why = section_scan(p, &at, SECTION_ADDITIONAL, wanted, s);
	return *why == NULL;
}
