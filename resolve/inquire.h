/* SPDX-License-Identifier: ISC */
/* resolve/inquire.h - one question, answered from the cache or from outside.
 *
 * What is known is answered within the call; what is under way at the same
 * desk is shared.
 * An answer is never kept from the asker because of what it says: trouble is
 * an answer too.
 */
#ifndef RESOLVE_INQUIRE_H
#define RESOLVE_INQUIRE_H

#include "resolve/flight.h"

/*
 * Each has a cache and a number of flights of its own, so that whoever
 * connects to us can neither use up what mail on its way out needs, nor push
 * it out of the cache.
 */
enum desk { DESK_MAIL, DESK_CLIENTS, DESKS };

struct conf;
struct event_base;

/* The configuration is lent, for ever. */
void inquire_start(struct event_base *, const struct conf *);
/* wait->done is called, perhaps before this returns.  See flight_leave(). */
void inquire(enum desk, struct key, struct wait *);

#endif
