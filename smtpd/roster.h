/* SPDX-License-Identifier: ISC */
/* smtpd/roster.h - where each client stands, and since when.
 *
 * Every client is in exactly one place, which is its state towards queue and
 * the clock; a place is a list in order of arrival, with a time limit of its
 * own.  So no client needs a timer: once a second the heads are looked at.
 */
#ifndef SMTPD_ROSTER_H
#define SMTPD_ROSTER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct client;

enum place {
	PLACE_TALK,   /* we read what it says */
	PLACE_FILE,   /* waits for a file for its body */
	PLACE_OUTBOX, /* its commit waits for room on the channel */
	PLACE_ANSWER, /* its commit was sent */
	PLACE_FATE,   /* queue died before it answered */
	PLACE_GREET,  /* a stranger that is not greeted yet */
	PLACE_PAUSE,  /* has erred: its answer waits a moment */
	PLACE_LOOKUP, /* its recipients are being asked about */
	PLACE_LEAVE,  /* the last reply is on its way */
	PLACE_LOGIN,  /* waits for the verdict of auth */
	PLACE_GIVE,   /* its connection is to be given to tls */
	PLACE_SECURE, /* has no socket with us: waits for word from tls */
	PLACE_COUNT
};

TAILQ_HEAD(place_list, client);

struct roster {
	struct place_list places[PLACE_COUNT];
	size_t nclients;     /* that are welcome */
	size_t nturned_away; /* that are only to hear why they are not */
};

void roster_init(struct roster *);
void roster_add(struct roster *, struct client *, enum place);
void roster_remove(struct roster *, struct client *);
/* To the end of the place, also when it is there already. */
void roster_move(struct roster *, struct client *, enum place);
struct client *roster_first(const struct roster *, enum place);
/* The first that has been there that long, or NULL. */
struct client *roster_overdue(
    const struct roster *, enum place, int64_t now_ms, int64_t limit_ms);

#endif
