/* SPDX-License-Identifier: ISC */
/* tests/lib/rig.h - a driver with a queue in it, around the pure session.
 *
 * Does what smtpd's driver does, without sockets: bytes go in, replies and
 * stored messages come out, as text that can be compared.
 */
#ifndef TESTS_LIB_RIG_H
#define TESTS_LIB_RIG_H

#include "smtpd/session_auth.h"

enum { RIG_BYTES = 16 * 1024 * 1024 };

struct rig {
	struct conf conf;       /* yours, until rig_end() */
	struct service service; /* yours */
	struct session session;
	struct status commit; /* queue's answer */
	/* auth's answer, when the password is not "secret" */
	enum auth_verdict verdict;
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
void rig_begin(struct rig *, const struct accept_client *);
void rig_end(struct rig *);
void rig_feed(struct rig *, struct view);

#endif
