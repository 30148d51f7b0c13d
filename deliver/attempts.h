/* SPDX-License-Identifier: ISC */
/* deliver/attempts.h - from what the DNS says to the servers to be tried.
 *
 * RFC 5321 5.1: exchangers by preference, in random order among equals; no
 * exchanger at all means the domain itself; if we are one of them, those of
 * the same or a higher number are not asked.  Where something has just failed
 * is tried after all others.  Addresses that lead back into
 * this machine or nowhere are refused for exchangers (loops, and requests
 * that strangers make us send), unless `mx addresses allow` names them.
 *
 * Use: plan_mx() or plan_host(); while plan_group() names hosts, ask for
 * their addresses and give each answer to plan_addresses(); then
 * plan_attempts().  Pure: random numbers come from the caller.
 */
#ifndef DELIVER_ATTEMPTS_H
#define DELIVER_ATTEMPTS_H

#include "common/base/ip.h"
#include "common/ipc/msg_resolve.h"
#include "common/mail/domain.h"
#include "common/mail/route.h"
#include "common/mail/status.h"
#include "deliver/dane.h"

enum {
	ATTEMPTS_MAX = 5,  /* addresses tried in one round */
	ATTEMPTS_EACH = 2, /* of each of several configured hosts */
	ATTEMPTS_ROOM = 10,
	ATTEMPTS_SESSIONS = 2,
	PLAN_GROUP = 5, /* hosts asked for at a time */
	PLAN_FAMILIES = 2
};

/* What resolve said to one question. */
struct answer {
	enum answer_kind kind;
	size_t nmx;
	struct msg_answer_mx mx[ANSWER_MX_MAX];
	size_t naddrs;
	struct ip addrs[ANSWER_ADDR_MAX];
	struct msg_answer_tlsa *tlsa; /* NULL: none came; the question's */
	enum answer_secure secure;
	bool validates;                 /* else nothing is ever secure */
	char alias[MSG_DOMAIN_MAX + 1]; /* where CNAMEs led, "" nowhere */
	char text[MSG_TEXT_MAX + 1];    /* of trouble */
};

/* Who we are, and what is allowed nevertheless; all lent. */
struct ourselves {
	const char *hostname;
	const struct ip *own; /* of this machine's interfaces */
	size_t nown;
	const struct network *allow;
	size_t nallow;
};

/* Gives a number from 0 to bound - 1. */
struct chance {
	uint32_t (*below)(void *arg, uint32_t bound);
	void *arg;
};

/* Something has failed there lately: then others are tried first. */
struct doubt {
	bool (*about)(const void *arg, const struct ip *);
	const void *arg;
};

struct exchanger {
	uint16_t preference;
	bool asked;
	bool ours;               /* by name or address */
	bool refused;            /* had an address that may not be used */
	enum answer_kind answer; /* 0 until it is there */
	struct {
		size_t n;
		struct ip ip[ATTEMPTS_MAX];
	} family[PLAN_FAMILIES];   /* IPv6, IPv4 */
	enum answer_secure secure; /* its addresses */
	char host[DOMAIN_MAX + 1];
	char alias[DOMAIN_MAX + 1];
};

struct plan {
	bool judged;   /* addresses are: not for a configured host */
	bool implicit; /* the domain itself, for want of exchangers */
	size_t nhosts; /* in the order in which they are to be tried */
	struct exchanger hosts[ANSWER_MX_MAX];
};

struct attempt {
	struct ip ip;
	enum answer_secure secure;
	struct dane *dane; /* a reference, NULL: nothing is asked */
	char host[DOMAIN_MAX + 1];
	char alias[DOMAIN_MAX + 1];
};

struct attempts {
	size_t n;
	struct attempt list[ATTEMPTS_ROOM];
};

/* From the answer to QUESTION_MX; false: *st says why there is no way. */
bool plan_mx(struct plan *, const char *domain, const struct answer *,
    const struct chance *, struct status *st);
/* Hosts of the configuration, tried in their order: their addresses are not
 * judged. */
void plan_hosts(struct plan *, const char *list);
/* The next hosts to ask for, from *first; 0: enough is known. */
size_t plan_group(struct plan *, size_t *first);
void plan_addresses(struct plan *, size_t host, const struct answer *,
    const struct ourselves *);
/* Every answer is there.  False: *st says why there is nobody to try. */
bool plan_attempts(const struct plan *, const struct ourselves *,
    const struct doubt *, struct attempts *, struct status *st);
/*
 * RFC 8305: whom to try beside the one at `now`, another address of the same
 * host in the other family, is put at `next`, to which all before it have
 * been tried.  False: there is none.
 */
bool attempts_beside(struct attempts *, size_t now, size_t next);

/* Lets go of what is held for them. */
void attempts_clear(struct attempts *);

/* "[192.0.2.1]", "[IPv6:2001:db8::1]": no question.  us is NULL for a host
 * of the configuration.  False: *st says why not. */
bool attempts_literal(struct attempts *, const char *literal,
    const struct ourselves *us, struct status *st);
/* Hosts of the configuration that are all addresses; false: not all are. */
bool attempts_literals(
    struct attempts *, const char *list, const struct doubt *);

#endif
