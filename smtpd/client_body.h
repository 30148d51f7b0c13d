/* SPDX-License-Identifier: ISC */
/* smtpd/client_body.h - what a client sends as its message goes into its file.
 *
 * A piece that cannot be written costs the message, never the session: it is
 * read to its end and then refused.
 */
#ifndef SMTPD_CLIENT_BODY_H
#define SMTPD_CLIENT_BODY_H

#include "common/base/buf.h"

#include <stdbool.h>

struct client;

/* There is a file: the message may come. */
void client_body_open(struct client *, struct buf *out);
void client_body_piece(struct client *);
/* The last piece; true: to be committed. */
bool client_body_last(struct client *, struct buf *out);
/* queue is gone: what was written is lost. */
void client_body_lost(struct client *);

#endif
