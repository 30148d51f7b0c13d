/* SPDX-License-Identifier: ISC */
/* deliver/sessions.h - from the addresses of a job to its session.
 *
 * Owns connections, the servers that they are for, and what is remembered of
 * these.  A job that got sessions_begin() ends by sessions_end(), which
 * sessions_next() may call at once, or by sessions_abort().
 */
#ifndef DELIVER_SESSIONS_H
#define DELIVER_SESSIONS_H

#include "deliver/job.h"
#include "deliver/refusals.h"
#include "deliver/timers.h"

void sessions_init(struct timers *);
/* Connections that have done their work are closed. */
void sessions_stop(void);

void sessions_begin(struct job *);
/* On to the next address, if there is one and patience for it. */
void sessions_next(struct job *);
/* Its status is final: reports it. */
void sessions_end(struct job *);
/* Of a probe: its time is over, and addresses are known. */
void sessions_late(struct job *);
/* Its server has the final dot, and is not waited for any more. */
void sessions_past_dot(struct job *, const char *why);
/* Lets go of all that it uses. */
void sessions_abort(struct job *);
/* For conn_open() of a UNIX socket: see socket.h. */
void sessions_socket(uint32_t ticket, int fd, const char *why);
/* With whom TLS has failed. */
const struct refusals *sessions_refusals(void);
/* For struct doubt, of a job: has something failed there lately? */
bool sessions_doubt(const void *job, const struct ip *);

#endif
