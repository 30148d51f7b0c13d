/* SPDX-License-Identifier: ISC */
/* deliver/secure.h - what passes between us and tls.
 *
 * A connection that is given away does not come back: there is no clear text
 * to fall back to.  What comes is one end of a pair of sockets.
 */
#ifndef DELIVER_SECURE_H
#define DELIVER_SECURE_H

#include "common/run/process.h"
#include "deliver/conn.h"

/* What tls may say. */
enum { SECURE_RULES = 2 };
extern const struct channel_rule secure_rules[SECURE_RULES];

/* Takes the descriptor.  False: nobody is there for it. */
bool secure_begin(struct conn *, int fd);
/* What tls says of it finds nobody from now on. */
void secure_forget(struct conn *);
/* The process that had the connection is gone, and with it this. */
void secure_lost(struct channel *, struct conv *);

#endif
