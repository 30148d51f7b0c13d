/* SPDX-License-Identifier: ISC */
/* resolve/tcp.h - one question over one TCP connection (RFC 7766).
 *
 * For answers that did not fit a datagram.  At most TCP_CONNECTIONS are open
 * at once, over all resolvers; further questions wait for a place.  Time is
 * the owner's to watch: who waited too long is forgotten with tcp_forget().
 */
#ifndef RESOLVE_TCP_H
#define RESOLVE_TCP_H

#include "common/conf/conf.h"
#include "resolve/question.h"

#include <sys/queue.h>

enum { TCP_CONNECTIONS = 16 };

struct event;
struct event_base;
struct tcp_pool;

enum tcp_state { TCP_IDLE, TCP_WAITS, TCP_SENDS, TCP_READS };

/* Part of the owner's struct, cleared at first. */
struct tcp_try {
	enum tcp_state state;
	int fd;
	struct event *event;
	struct tcp_pool *pool;
	const struct conf_resolver *resolver; /* lent */
	struct buf out, in;
	TAILQ_ENTRY(tcp_try) next;
};

struct tcp_def {
	/* The whole answer, lent.  The owner has to forget the try. */
	void (*heard)(struct tcp_try *, struct view packet);
	/* error: 0 at end of file.  The owner has to forget the try. */
	void (*lost)(struct tcp_try *, int error);
};

struct tcp_pool *tcp_pool_new(struct event_base *, const struct tcp_def *);
/* Never calls back at once. */
void tcp_ask(struct tcp_pool *, struct tcp_try *, const struct conf_resolver *,
    const struct question *);
void tcp_forget(struct tcp_try *);

#endif
