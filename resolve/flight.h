/* SPDX-License-Identifier: ISC */
/* resolve/flight.h - questions that are under way, each asked once.
 *
 * However many wait for the same name and type, one flight goes out, and its
 * answer is given to all of them.  Pure.
 */
#ifndef RESOLVE_FLIGHT_H
#define RESOLVE_FLIGHT_H

#include "resolve/answer.h"
#include "resolve/key.h"

#include <sys/queue.h>

struct flight;

/* One who waits: part of the owner's own struct, cleared at first. */
struct wait {
	struct flight *flight; /* NULL: waits for nothing */
	TAILQ_ENTRY(wait) next;
	/* The answer is lent.  The wait is over; it may be freed or used anew.
	 */
	void (*done)(struct wait *, const struct answer *, uint32_t ttl);
};

struct flights;

struct flights *flights_new(uint64_t seed);
void flights_free(struct flights *); /* who still waits hears nothing */
size_t flights_count(const struct flights *);
/* *fresh: nobody asked before, so the caller has to send it out. */
struct flight *flight_join(
    struct flights *, struct key, struct wait *, bool *fresh);
struct key flight_key(const struct flight *); /* lent */
/* No longer interested.  The flight goes on. */
void flight_leave(struct wait *);
/* Tells all who wait, in the order in which they came, and frees the flight.
 */
void flight_land(
    struct flights *, struct flight *, const struct answer *, uint32_t ttl);

#endif
