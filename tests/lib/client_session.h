/* SPDX-License-Identifier: ISC */
/* tests/lib/client_session.h - one sender of the recording client.
 *
 * It connects, sends, ends and connects again while there is work.
 */
#ifndef TESTS_LIB_CLIENT_SESSION_H
#define TESTS_LIB_CLIENT_SESSION_H

#include "tests/lib/client.h"

enum client_said {
	SAID_NOTHING, /* waits for the greeting */
	SAID_EHLO,
	SAID_HELO,
	SAID_MAIL,
	SAID_RCPT,
	SAID_DATA,
	SAID_DOT,
	SAID_QUIT
};

struct client_session {
	struct client *client;
	struct wire wire;
	struct event pause; /* before the next attempt */
	enum client_said said;
	bool claimed; /* owes the client a message */
	bool busy;    /* has an id that is not settled */
	bool piped;   /* the open transaction went out in one piece */
	bool offered; /* the server has PIPELINING */
	char id[CLIENT_ID];
	uint64_t number;
	unsigned int sent_here; /* messages on this connection */
	unsigned int answered;  /* recipients of this message */
	unsigned int refusal;   /* first code that was no yes, or 0 */
	struct buf accepted;    /* recipients, commas between them */
	struct buf address;     /* room for one */
	int64_t dialled_us;
	int64_t start_us;
	int64_t dot_us;
	int64_t heard_us;
};

void client_session_start(struct client_session *, struct client *);
/* The connection is dead: no reply for too long. */
void client_session_check(struct client_session *, int64_t now_us);
/* The run is over: settles what is open. */
void client_session_stop(struct client_session *);

#endif
