/* SPDX-License-Identifier: ISC */
/* tests/lib/client.h - what all sessions of the recording client share.
 *
 * A session that wants to send first claims one of the messages that are
 * still owed; the id is drawn when MAIL goes out, and settled once.  With
 * retry, only an acknowledged message pays a claim: all else is owed again,
 * under a new id, so that a duplicate is always the server's doing.
 */
#ifndef TESTS_LIB_CLIENT_H
#define TESTS_LIB_CLIENT_H

#include "tests/lib/endpoint.h"
#include "tests/lib/letter.h"
#include "tests/lib/record.h"
#include "tests/lib/samples.h"
#include "tests/lib/wire.h"

enum { CLIENT_ID = 96 };

struct client_session;

struct client_options {
	struct endpoint target;
	unsigned int sessions;
	uint64_t messages;
	size_t body_bytes;
	unsigned int rcpts;
	const char *domain; /* %u becomes a number below domains */
	unsigned int domains;
	const char *from;
	const char *prefix;
	unsigned int per_connection;
	unsigned int reply_seconds; /* longest wait for a reply */
	uint64_t cut_at;            /* the 250 that cuts the power, 0: none */
	int cut_fd;
	bool pipelining;
	bool retry;
};

enum client_fate {
	FATE_ACKNOWLEDGED,
	FATE_UNKNOWN, /* lost after the dot */
	FATE_REFUSED, /* by a 4yz or 5yz */
	FATE_FAILED,  /* never handed over */
	FATE_N
};

struct client {
	struct client_options options;
	struct wire_loop loop;
	struct record record;
	struct letters letters;
	struct samples dot_us;   /* from dot to 250 */
	struct samples start_us; /* from dial, or MAIL when kept, to 250 */
	struct client_session *sessions;
	uint64_t fates[FATE_N];
	uint64_t claims;
	uint64_t drawn;
	uint64_t lost_connections;
	unsigned int active; /* sessions that are not at rest */
	int64_t begun_us;
	int64_t ended_us;
};

bool client_claim(struct client *);
void client_draw_id(struct client *, char id[CLIENT_ID], uint64_t *number);
void client_settle(struct client *, enum client_fate);
void client_address(
    const struct client *, uint64_t number, unsigned int i, struct buf *);

/* Sends everything; stops earlier after so many seconds (0: never). */
void client_run(struct client *, unsigned int seconds);
void client_json(struct client *, struct buf *);
void client_free(struct client *);

#endif
