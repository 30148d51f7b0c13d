/* SPDX-License-Identifier: ISC */
/* common/mail/accept.h - who may send where: the guard against open relay.
 *
 * Rules are tried in order, the first match wins, and what nothing matches is
 * refused.  No rules at all mean "accept from local", "accept from auth" and
 * nothing else.  A rule matches when all its conditions do; the null sender has
 * no domain, so that no condition on a sender matches it.
 */
#ifndef COMMON_MAIL_ACCEPT_H
#define COMMON_MAIL_ACCEPT_H

#include "common/mail/mailbox.h"

enum accept_who {
	ACCEPT_LOCAL = 1, /* the submission socket, loopback addresses */
	ACCEPT_ANY,
	ACCEPT_NETWORK,
	ACCEPT_AUTH /* who has logged in */
};

enum accept_tls { ACCEPT_TLS_EITHER, ACCEPT_TLS_WITH, ACCEPT_TLS_WITHOUT };

struct accept_rule {
	bool reject;
	enum accept_who who;
	struct network network;    /* of ACCEPT_NETWORK */
	char login[LOGIN_MAX + 1]; /* of ACCEPT_AUTH; "": any */
	uint16_t port;             /* of the listener; 0: any */
	enum accept_tls tls;
	bool has_sender; /* only for senders of this one domain */
	char sender[DOMAIN_MAX + 1];
	bool has_domain; /* only for recipients of this one domain */
	char domain[DOMAIN_MAX + 1];
};

struct accept_client {
	bool local_socket;
	struct ip ip;      /* unset when local_socket */
	uint16_t port;     /* of the listener by which it came; 0: the socket */
	bool tls;          /* what it says comes through TLS */
	const char *login; /* lent; NULL: it has not logged in */
};

/* sender: NULL for the null sender */
bool accept_judge(const struct accept_rule *, size_t n,
    const struct accept_client *, const struct mailbox *sender,
    const struct mailbox *rcpt);
/*
 * Some rule other than "any" lets this client relay anywhere, and no reject
 * row stands before it: per-client limits are not for such machines.  Changes
 * when the client begins TLS or logs in.
 */
bool accept_trusts(
    const struct accept_rule *, size_t n, const struct accept_client *);

#endif
