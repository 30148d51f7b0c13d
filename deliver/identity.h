/* SPDX-License-Identifier: ISC */
/* deliver/identity.h - whom this worker is to servers.
 *
 * Most log in nowhere.  One of class login has the password or token of one
 * route, and takes the jobs of that route alone.
 */
#ifndef DELIVER_IDENTITY_H
#define DELIVER_IDENTITY_H

#include "common/ipc/msg_control.h"
#include "common/mail/status.h"
#include "deliver/credential.h"
#include "deliver/job.h"

/* Lent; NULL: we log in nowhere. */
const struct credential *identity_credential(void);
/* Is it to be a token? */
bool identity_is_token(void);
/* The file with the secret, which came or has changed; fd is taken. */
bool identity_file(const struct msg_file *, int fd);
/* Tells queue, if it is there, of what has come.  Call once per loop turn. */
void identity_turn(struct channel *queue);
/* May we do this?  False: *st says why not, and it is for later. */
bool identity_fits(struct job *, struct status *st);
/* The server does not take our login, or its time is over, in a session that
 * began then (monotonic clock, ms). */
void identity_refused(const struct job *, int64_t began);

#endif
