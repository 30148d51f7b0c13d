/* SPDX-License-Identifier: ISC */
/* resolve/inquire.h - one question, answered from the cache or from outside.
 *
 * What is known is answered within the call; what is under way is shared.
 * An answer is never kept from the asker because of what it says: trouble is
 * an answer too.
 */
#ifndef RESOLVE_INQUIRE_H
#define RESOLVE_INQUIRE_H

#include "resolve/flight.h"

enum { INQUIRE_FLIGHTS = 16384 }; /* under way at once */

struct conf;
struct event_base;

/* The configuration is lent, for ever. */
void inquire_start(struct event_base *, const struct conf *);
/* wait->done is called, perhaps before this returns.  See flight_leave(). */
void inquire(struct key, struct wait *);

#endif
