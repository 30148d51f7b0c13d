/* SPDX-License-Identifier: ISC */
/* common/mail/accept.h - who may send where: the guard against open relay.
 *
 * Rules are tried in order, the first match wins, and what nothing matches is
 * refused.  No rules at all mean "accept from local" and nothing else.
 */
#ifndef COMMON_MAIL_ACCEPT_H
#define COMMON_MAIL_ACCEPT_H

#include "common/mail/mailbox.h"

enum accept_who {
	ACCEPT_LOCAL = 1, /* the submission socket, loopback addresses */
	ACCEPT_ANY,
	ACCEPT_NETWORK
};

struct accept_rule {
	bool reject;
	enum accept_who who;
	struct network network; /* of ACCEPT_NETWORK */
	bool has_domain;        /* only for recipients of this one domain */
	char domain[DOMAIN_MAX + 1];
};

struct accept_client {
	bool local_socket;
	struct ip ip; /* unset when local_socket */
};

bool accept_judge(const struct accept_rule *, size_t n,
    const struct accept_client *, const struct mailbox *rcpt);
/*
 * Some rule other than "any" lets this client relay anywhere, and no reject
 * row stands before it: per-client limits are not for such machines.
 */
bool accept_trusts(
    const struct accept_rule *, size_t n, const struct accept_client *);

#endif
