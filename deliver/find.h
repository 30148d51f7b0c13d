/* SPDX-License-Identifier: ISC */
/* deliver/find.h - from a destination to the addresses to be tried.
 *
 * Asks what must be asked and lets attempts.c judge.  done() is called once,
 * never before find_begin() has returned; it may free the search.
 */
#ifndef DELIVER_FIND_H
#define DELIVER_FIND_H

#include "deliver/ask.h"

struct find {
	struct asker *asker;
	const struct ourselves *us;
	/* found: attempts is filled; else *st says why there is none */
	void (*done)(struct find *, bool found, const struct status *st);
	void *arg;
	struct attempts attempts; /* who takes them takes what they hold */
	size_t waiting;           /* questions open */
	uint16_t tlsa_port; /* whose TLSA records count; 0: none do; to be set
			       by who begins it */
	struct doubt doubt; /* likewise */
	bool secure;        /* the exchangers are */
	enum answer_kind mx_kind; /* 0: they are the configuration's */
	bool validates;           /* of what was answered */
	bool plain[ATTEMPTS_MAX]; /* the alias has none: by the name itself */
	struct ask tlsa[ATTEMPTS_MAX];
	char domain[DOMAIN_MAX + 1];
	struct ask mx;
	struct ask hosts[ANSWER_MX_MAX];
	struct plan plan;
};

/* The exchangers of a domain. */
struct find *find_mx(struct asker *, const struct ourselves *,
    const char *domain,
    void (*done)(struct find *, bool, const struct status *), void *arg);
/* Hosts of the configuration, at least one of them a name. */
struct find *find_hosts(struct asker *, const struct ourselves *,
    const char *list, void (*done)(struct find *, bool, const struct status *),
    void *arg);
void find_free(struct find *); /* at any time; NULL is welcome */

#endif
