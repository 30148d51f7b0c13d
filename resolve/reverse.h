/* SPDX-License-Identifier: ISC */
/* resolve/reverse.h - the name of an address, believed when it leads back.
 *
 * Whoever has an address writes what he likes into its reverse zone, so that a
 * name counts only when its own addresses have this one.  At most
 * ANSWER_PTR_MAX names are tried, in the order received.  Pure: the caller
 * asks, for the PTR of reverse_name(), then for each reverse_next().
 */
#ifndef RESOLVE_REVERSE_H
#define RESOLVE_REVERSE_H

#include "resolve/answer.h"

enum { REVERSE_NAME = 4 * 16 + sizeof("ip6.arpa") };

struct reverse { /* ip set, else cleared at first */
	struct ip ip;
	size_t count, tried;
	char names[ANSWER_PTR_MAX][MSG_DOMAIN_MAX + 1];
	bool trouble;          /* of some question on the way */
	enum answer_kind kind; /* what is known; ANSWER_FOUND: name */
	const char *name;      /* one of names */
};

/* "1.2.0.192.in-addr.arpa" (RFC 1035 3.5), "...ip6.arpa" (RFC 3596 2.5). */
void reverse_name(const struct ip *, char out[REVERSE_NAME]);
/* A or AAAA, by which a name has to lead back. */
enum dns_type reverse_type(const struct ip *);
/* The answer to the PTR. */
void reverse_take_names(struct reverse *, const struct answer *);
/* The name to be asked for, lent; NULL: kind says what it came to. */
const char *reverse_next(struct reverse *);
/* The answer to it. */
void reverse_take_ips(struct reverse *, const struct answer *);

#endif
