/* SPDX-License-Identifier: ISC */
/* smtpd/overload.h - how much a worker still takes on: its part of the ladder
 * of overload (common/base/ladder.h).
 *
 * Its own gauges are places for clients and the memory that they fill; queue
 * tells the level of the disk.  The higher of both is service.level, which
 * means: 1, short patience (idle time, errors, connections of one address); 2,
 * strangers get 421 instead of a greeting; 3, MAIL is answered 452.  People who
 * log in and local programs have processes of their own, with places of their
 * own: of those places strangers never get one.
 */
#ifndef SMTPD_OVERLOAD_H
#define SMTPD_OVERLOAD_H

#include "common/base/ladder.h"

#include <stddef.h>

struct client;
struct worker;

enum overload_gauge { OVERLOAD_SESSIONS, OVERLOAD_MEMORY, OVERLOAD_GAUGES };

struct overload {
	struct ladder_gauge gauges[OVERLOAD_GAUGES];
	unsigned int own, of_queue; /* levels */
	size_t memory;              /* bytes that clients fill */
};

void overload_init(struct worker *);
/* A client has come, queue has told its level, time has passed. */
void overload_judge(struct worker *);
/* What a client holds has changed; it ends. */
void overload_note(struct client *);
void overload_forget(struct client *);

#endif
