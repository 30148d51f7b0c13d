/* SPDX-License-Identifier: ISC */
/* resolve/scan.h - the walk over a DNS packet before a library sees it.
 *
 * Takes bytes from the network and finds where the records lie that matter.
 * Bounded for whatever comes: names end (RFC 1035 2.3.4, and pointers lead
 * backwards only), records lie within the packet, and no more than
 * SCAN_RECORDS of them are kept.  What is kept is well-formed: its names
 * and its data's length are checked.  Packets with TSIG or SIG(0) are
 * refused: we sign nothing, and libraries are at their weakest there.
 */
#ifndef RESOLVE_SCAN_H
#define RESOLVE_SCAN_H

#include "common/base/view.h"

enum {
	SCAN_HEADER = 12,  /* bytes, RFC 1035 4.1.1 */
	SCAN_RECORDS = 256 /* of the answer section, kept */
};

struct scan {
	uint16_t id;
	bool is_response, authoritative, truncated, recursive, validated;
	uint8_t opcode;
	uint16_t rcode;     /* with the upper bits that EDNS brings */
	uint16_t nquestion; /* as the header says */
	/* The answer section: CNAMEs and records of the wanted type. */
	size_t count;
	uint16_t at[SCAN_RECORDS];     /* where each begins */
	uint16_t soa;                  /* the first in authority, 0: none */
	bool refers;                   /* there are NS in authority */
	uint16_t options, options_len; /* of EDNS, where they lie */
};

/* The header alone; false when there is none.  Clears the rest. */
bool scan_header(struct view packet, struct scan *);
/*
 * Everything behind the header.  False: malformed, *why (static) says how.
 * wanted is the type of records to keep.
 */
bool scan_records(
    struct view packet, uint16_t wanted, struct scan *, const char **why);

#endif
