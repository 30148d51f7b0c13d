/* SPDX-License-Identifier: ISC */
/* resolve/proof.h - does a resolver validate?  It has to show it.
 *
 * The AD bit of a resolver that is on this machine, or that the configuration
 * vouches for, counts when the resolver has given it for the root's SOA; or,
 * where the configuration has two names for that, for the one that is signed,
 * and has answered SERVFAIL for the one whose signatures are wrong.  Asked at
 * the start, while questions wait for a second at most; again soon when it
 * failed, and hourly when it did not.
 */
#ifndef RESOLVE_PROOF_H
#define RESOLVE_PROOF_H

#include "common/conf/conf.h"

struct event_base;

/* After transport_start(); the configuration is lent, for ever. */
void proof_start(struct event_base *, const struct conf *);
/* An answer would be secure, were more known of whose it is: it counts as
 * trouble, and he is asked now. */
void proof_doubted(size_t resolver);

#endif
