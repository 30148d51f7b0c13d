/* SPDX-License-Identifier: ISC */
/* deliver/conn.h - one connection to a server: socket, client, time-outs.
 *
 * It knows nothing of jobs: it is given a transaction and a body, and calls
 * over() when every recipient has a status, or failed() when the session is
 * lost.  In both, and in nothing else that conn.c calls, the connection may
 * be freed or given more.  When it fails without a transaction it was idle.
 */
#ifndef DELIVER_CONN_H
#define DELIVER_CONN_H

#include "common/base/ip.h"
#include "deliver/client.h"
#include "deliver/timers.h"
#include "deliver/transfer.h"

struct conn;
TAILQ_HEAD(conn_list, conn);

/* What all connections of a worker share. */
struct conns {
	struct event_base *base;
	struct timers *timers;
	const char *hostname; /* for EHLO */
	void (*over)(struct conn *);
	void (*failed)(struct conn *);
	struct buf out;               /* said, and not yet written */
	char scratch[TRANSFER_PIECE]; /* read, from server or spool */
	size_t n;                     /* open */
};

struct conn {
	struct conns *all;
	int fd;
	struct event readable;
	struct event writable;
	struct timer timer;
	struct client client;
	struct transfer transfer;
	struct buf in;         /* a reply line without its end */
	struct buf out;        /* what the socket would not take */
	bool connected;        /* for certain */
	bool sending;          /* the body has more pieces */
	bool dot;              /* the final dot is in out, or written */
	bool mute;             /* writing failed: only to be read to its end */
	size_t messages;       /* transactions before the present one */
	struct server *server; /* the owner's */
	struct job *job;       /* likewise; NULL: idle */
	TAILQ_ENTRY(conn) entry; /* likewise */
};

void conns_init(struct conns *, struct event_base *, struct timers *);
/* NULL with errno: it failed at once. */
struct conn *conn_open(struct conns *, const struct ip *, uint16_t port);
/* The transaction and the descriptor are lent until over() or failed(). */
void conn_give(struct conn *, struct transaction *, int body);
/* The final dot was sent and its answer is not there. */
bool conn_past_dot(const struct conn *);
/* Idle from now on: fails by itself after a while without work. */
void conn_rest(struct conn *);
/* Ends it, with QUIT if the server can hear that. */
void conn_quit(struct conn *);
/* Ends it at once, without another byte. */
void conn_drop(struct conn *);

#endif
