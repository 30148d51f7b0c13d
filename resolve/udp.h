/* SPDX-License-Identifier: ISC */
/* resolve/udp.h - datagrams to one resolver and back.
 *
 * At most UDP_SOCKETS connected sockets (so the kernel lets only the
 * resolver's own address and port through), of which each question takes one
 * at random.  A socket serves UDP_QUESTIONS questions or UDP_SECONDS seconds;
 * then a fresh one, with another port, takes its place as soon as nothing is
 * open on it.  Ids are random and unique per socket.
 */
#ifndef RESOLVE_UDP_H
#define RESOLVE_UDP_H

#include "common/conf/conf.h"
#include "resolve/question.h"

#include <sys/queue.h>

enum { UDP_SOCKETS = 16, UDP_QUESTIONS = 256, UDP_SECONDS = 10 };

struct event_base;
struct udp_socket;

/* A question that waits for its datagram: part of the owner's struct. */
struct udp_try {
	struct udp_socket *socket; /* NULL: not waiting */
	uint16_t id;
	LIST_ENTRY(udp_try) chained;
};

struct udp_def {
	/*
	 * A datagram with this try's id; the rest is for the owner to judge.
	 * It still waits until udp_forget().
	 */
	void (*heard)(struct udp_try *, struct view packet);
	/* The resolver's host says that nobody answers there. */
	void (*refused)(struct udp_try *, int error);
};

struct udp_pool;

struct udp_pool *udp_pool_new(
    struct event_base *, const struct conf_resolver *, const struct udp_def *);
/*
 * Gives the question its id and sends it.  A datagram that got lost on the
 * way counts as sent.  False: no socket is to be had, errno says why.
 */
bool udp_ask(struct udp_pool *, struct udp_try *, struct question *);
void udp_forget(struct udp_try *);
/* Datagrams that belonged to no open question. */
uint64_t udp_strays(const struct udp_pool *);

#endif
