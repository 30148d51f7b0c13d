/* SPDX-License-Identifier: ISC */
/* deliver/client_int.h - between the two halves of the client. */
#ifndef DELIVER_CLIENT_INT_H
#define DELIVER_CLIENT_INT_H

#include "deliver/client.h"

static inline bool
reply_ok(const struct reply *r)
{
	return r->code / 100 == 2;
}

/* client.c.  The session ends; its transaction, if any, has its status. */
enum client_next client_fail(struct client *);
/* The transaction ends; fit: the session is ready for another. */
enum client_next client_over(struct client *, enum job_stage, bool fit);
/* 421, or a reply of a kind that ends the session for every message. */
enum client_next client_turned_away(struct client *);
/* The one that was given, as the server is ready for it. */
enum client_next client_begin_transaction(struct client *, struct buf *out);

/* client_hello.c: a whole reply was heard in the state of that name. */
enum client_next client_heard_greeting(struct client *, struct buf *out);
enum client_next client_heard_ehlo(struct client *, struct buf *out);
enum client_next client_heard_helo(struct client *, struct buf *out);
enum client_next client_heard_starttls(struct client *, struct buf *out);
enum client_next client_heard_auth(struct client *, struct buf *out);

#endif
