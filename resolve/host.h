/* SPDX-License-Identifier: ISC */
/* resolve/host.h - the addresses of a name: what A and AAAA say together.
 *
 * Pure.  Trouble with one family does not hide what the other gave; but
 * without any address, trouble wins over "no", for trouble passes.  "No such
 * name" needs both to say so: some servers say it wrongly for AAAA alone
 * (RFC 4074 4.2).  Secure is what every family says that is no trouble.
 */
#ifndef RESOLVE_HOST_H
#define RESOLVE_HOST_H

#include "resolve/answer.h"

enum host_family { HOST_SIX, HOST_FOUR, HOST_FAMILIES };

struct host { /* cleared at first */
	struct host_part {
		bool known;
		enum answer_kind kind;
		bool secure;
		uint32_t ttl;
		size_t count;
		struct ip ips[ANSWER_ADDR_MAX];
		char alias[MSG_DOMAIN_MAX + 1];
		char text[MSG_TEXT_MAX + 1];
	} parts[HOST_FAMILIES];
};

/* One family's answer; true when both are known. */
bool host_take(
    struct host *, enum host_family, const struct answer *, uint32_t ttl);
/* The families take turns, IPv6 first; returns how many, bounded. */
size_t host_ips(const struct host *, struct ip out[ANSWER_ADDR_MAX]);
void host_end(const struct host *, struct msg_answer_end *);

#endif
