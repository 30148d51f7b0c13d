/* SPDX-License-Identifier: ISC */
/* tests/lib/host.h - a driver with a queue in it, around the pure session.
 *
 * Does what smtpd's driver does, without sockets: bytes go in, replies and
 * stored messages come out, as text that can be compared.
 */
#ifndef TESTS_LIB_HOST_H
#define TESTS_LIB_HOST_H

#include "smtpd/session.h"

enum { HOST_BYTES = 16 * 1024 * 1024 };

struct host {
	struct conf conf;       /* yours, until host_end() */
	struct service service; /* yours */
	struct session session;
	struct status commit; /* queue's answer */
	bool no_stock;
	uint64_t id;
	struct buf held;   /* input that the session did not take */
	struct buf out;    /* replies */
	struct buf file;   /* the body under way, with the trace header */
	struct buf stored; /* envelopes and bodies, as chat lines */
	bool closed;
	bool untraced; /* something was stored without our trace header */
};

/* Configuration and service are ready; greets the client. */
void host_begin(struct host *, const struct accept_client *);
void host_end(struct host *);
void host_feed(struct host *, struct view);

#endif
