/* SPDX-License-Identifier: ISC */
/* resolve/ask.h - one question, answered from the cache or from outside.
 *
 * What is known is answered within the call; what is under way is shared.
 * An answer is never kept from the asker because of what it says: trouble is
 * an answer too.
 */
#ifndef RESOLVE_ASK_H
#define RESOLVE_ASK_H

#include "resolve/flight.h"

enum { ASK_FLIGHTS = 16384 }; /* under way at once */

struct conf;
struct event_base;

/* The configuration is lent, for ever. */
void ask_start(struct event_base *, const struct conf *);
/* wait->done is called, perhaps before this returns.  See flight_leave(). */
void ask(struct key, struct wait *);

#endif
