/* SPDX-License-Identifier: ISC */
/* resolve/reverse.c - the name of an address, believed when it leads back. */
#include "resolve/reverse.h"

#include <stdio.h>
#include <string.h>

static void
name_six(const struct ip *ip, char out[REVERSE_NAME])
{
	static const char digits[] = "0123456789abcdef";
	char *p = out;

	for (int i = 15; i >= 0; i--) {
		*p++ = digits[ip->bytes[i] & 15];
		*p++ = '.';
		*p++ = digits[ip->bytes[i] >> 4];
		*p++ = '.';
	}
	memcpy(p, "ip6.arpa", sizeof("ip6.arpa"));
}

void
reverse_name(const struct ip *ip, char out[REVERSE_NAME])
{
	if (ip->family == 6)
		name_six(ip, out);
	else
		snprintf(out, REVERSE_NAME, "%u.%u.%u.%u.in-addr.arpa",
		    ip->bytes[3], ip->bytes[2], ip->bytes[1], ip->bytes[0]);
}

enum dns_type
reverse_type(const struct ip *ip)
{
	return ip->family == 6 ? DNS_AAAA : DNS_A;
}

void
reverse_take_names(struct reverse *r, const struct answer *a)
{
	/* names that are none do not make it "no such name" */
	r->kind = a->kind == ANSWER_FOUND ? ANSWER_NONE : a->kind;
	for (size_t i = 0; i < a->count && i < ANSWER_PTR_MAX; i++)
		if (view_copy(view_of(a->records[i].host), r->names[r->count],
			sizeof(r->names[0])))
			r->count++;
}

const char *
reverse_next(struct reverse *r)
{
	if (r->name == NULL && r->tried < r->count)
		return r->names[r->tried++];
	if (r->name != NULL)
		r->kind = ANSWER_FOUND;
	else if (r->trouble)
		r->kind = ANSWER_TROUBLE; /* it may be found later */
	return NULL;
}

void
reverse_take_ips(struct reverse *r, const struct answer *a)
{
	r->trouble = r->trouble || a->kind == ANSWER_TROUBLE;
	for (size_t i = 0; i < a->count; i++)
		if (ip_eq(&a->records[i].ip, &r->ip))
			r->name = r->names[r->tried - 1];
}
