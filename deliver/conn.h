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
#include "common/base/pace.h"
#include "deliver/client.h"
#include "deliver/dane.h"
#include "deliver/timers.h"
#include "deliver/transfer.h"

/* What a connection is made under, and may be used again for. */
struct conn_policy {
	bool lmtp; /* is spoken, not SMTP */
	struct route_policy route;
	const struct route_source *source; /* lent; NULL: any address */
	bool clear;                        /* TLS has failed there: without */
	char name[DOMAIN_MAX + 1]; /* of the server, for its certificate */
	struct dane *dane;         /* NULL: nothing; a connection holds it */
	char host[DOMAIN_MAX + 1]; /* other names of it that dane allows */
	char domain[DOMAIN_MAX + 1];
};

struct conn;
TAILQ_HEAD(conn_list, conn);

/* What all connections of a worker share. */
struct conns {
	struct event_base *base;
	struct timers *timers;
	const char *hostname; /* for EHLO */
	/* for servers where we log in; lent, NULL: there are none */
	const struct credential *credential;
	uint64_t rate;   /* bytes a second that are to be taken */
	int64_t life_ms; /* of one message in one session */
	void (*over)(struct conn *);
	void (*arrived)(struct conn *); /* see conn_watch() */
	void (*failed)(struct conn *);
	void (*dotted)(struct conn *); /* the final dot has gone out */
	struct buf out;                /* said, and not yet written */
	char scratch[TRANSFER_PIECE];  /* read, from server or spool */
	size_t n;                      /* open */
	struct conn_list asked;        /* they wait for a UNIX socket */
	uint32_t tickets;              /* by which it will be known */
};

struct conn {
	struct conns *all;
	int fd;
	struct event readable;
	struct event writable;
	struct timer timer;
	struct client client;
	struct conn_policy policy;
	struct conv *secure;   /* with tls; NULL: clear text, or over */
	struct event handover; /* its socket goes to tls, in the next turn */
	bool handing;          /* gone there, and nothing came back yet */
	char tls[MSG_TLS_MAX + 1]; /* what was agreed on; "" clear text */
	bool tls_refused;          /* a handshake that the server has spoilt */
	bool late;        /* at the end: the server let a time limit pass */
	struct pace pace; /* of the message */
	struct transfer transfer;
	struct buf in;         /* a reply line without its end */
	struct buf out;        /* what the socket would not take */
	bool connected;        /* for certain */
	bool watched;          /* arrived() is to be called then */
	bool sending;          /* the body has more pieces */
	bool dot;              /* the final dot is in out, or written */
	bool mute;             /* writing failed: only to be read to its end */
	size_t messages;       /* transactions before the present one */
	int64_t opened_at;     /* monotonic clock, ms */
	struct server *server; /* the owner's */
	struct job *job;       /* likewise; NULL: idle */
	TAILQ_ENTRY(conn) entry; /* likewise */
	uint32_t ticket;         /* of socket.c; 0: waits for no socket */
	TAILQ_ENTRY(conn) entry_asked;
};

void conns_init(struct conns *, struct event_base *, struct timers *);
/* NULL with errno: it failed at once.  An address of family 0 stands for the
 * UNIX socket of the route in the place that is the port. */
struct conn *conn_open(struct conns *, const struct ip *, uint16_t port,
    const struct conn_policy *);
/* Calls arrived() as soon as it is connected, before anything is heard. */
void conn_watch(struct conn *);
/* Whether a silent connection was made at all. */
bool conn_is_connected(struct conn *);
/* The transaction and the descriptor are lent until over() or failed(). */
void conn_give(struct conn *, struct transaction *, int body);
/* For socket.c: what it waited for; or there will be none. */
void conn_socket(struct conn *, int fd);
void conn_no_socket(struct conn *, const char *why);
/* For secure.c: the clear text of its connection; or there will be none. */
void conn_secured(struct conn *, int fd);
void conn_insecure(struct conn *, const char *why);
/* The final dot was sent and its answer is not there. */
bool conn_past_dot(const struct conn *);
/* Idle from now on: fails by itself after a while without work. */
void conn_rest(struct conn *);
/* Ends it, with QUIT if the server can hear that. */
void conn_quit(struct conn *);
/* Ends it at once, without another byte. */
void conn_drop(struct conn *);

#endif
