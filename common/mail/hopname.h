/* SPDX-License-Identifier: ISC */
/* common/mail/hopname.h - next hops as people name them (pure).
 *
 * "host user@a.example,b.example port 587" is how postern queue --summary shows
 * one; transport and port may be left out and are then any.  What it stands
 * for among the routes is route.h's.
 */
#ifndef COMMON_MAIL_HOPNAME_H
#define COMMON_MAIL_HOPNAME_H

#include "common/mail/route.h"

enum { HOPNAME_MAX = DOMAIN_MAX + 31 };

struct hopname {
	enum transport transport;  /* 0: any */
	uint16_t port;             /* 0: any; a UNIX socket has none */
	char host[DOMAIN_MAX + 1]; /* see route_next_hop() */
};

/*
 * Hosts get the form that routes give them: lower case, A-labels, addresses in
 * brackets.  What is printed is read as the same.  False: no name of a next
 * hop.
 */
bool hopname_parse(struct view, struct hopname *);
/* As postern queue shows it, without what is any. */
const char *hopname_print(const struct hopname *, char out[HOPNAME_MAX + 1]);
/* It says transport and port, or is a socket's: it is one next hop. */
bool hopname_whole(const struct hopname *);
/* Mail may go there: by a route, where that name is given by routes alone. */
bool hopname_routed(const struct routing *, const struct hopname *);
/* One host: a name, or an address with or without its brackets. */
bool hopname_host(struct view, char out[DOMAIN_MAX + 1]);

#endif
