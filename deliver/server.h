/* SPDX-License-Identifier: ISC */
/* deliver/server.h - the addresses that this worker has to do with.
 *
 * One per (address, port), or UNIX socket (see conn_open()): its connections,
 * the idle ones among them, and the jobs that wait for one.  Only bookkeeping;
 * the driver decides.
 */
#ifndef DELIVER_SERVER_H
#define DELIVER_SERVER_H

#include "deliver/conn.h"
#include "deliver/job.h"

#include "common/base/ip.h"

enum { SERVER_BUCKETS = 256 };

struct server {
	LIST_ENTRY(server) entry;
	struct ip ip;
	uint16_t port;
	size_t nconns;
	bool busy;              /* its line is being served */
	struct conn_list idle;  /* the one used last is first */
	TAILQ_HEAD(, job) line; /* by job.entry_line */
};

LIST_HEAD(server_list, server);

struct servers {
	struct server_list buckets[SERVER_BUCKETS];
};

void servers_init(struct servers *);
/* Found or made. */
struct server *server_of(struct servers *, const struct ip *, uint16_t port);
/* One that may be used again for this; NULL: none. */
struct conn *server_idle(const struct server *, const struct conn_policy *);
/* Whether it may have one more; an idle one may be ended for that. */
bool server_room(struct server *, size_t max);
/* Ends a connection of its server: with QUIT, or without another byte. */
void server_close(struct conn *);
void server_drop(struct conn *);
/* Frees it if nothing needs it any more. */
void server_release(struct server *);

#endif
