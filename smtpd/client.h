/* SPDX-License-Identifier: ISC */
/* smtpd/client.h - one client: its socket, its session, its body file.
 *
 * Reads, feeds the session, does what the session wants, writes.  One read
 * and one write a turn.  Replies that the client does not take stop the
 * reading, so a client can neither fill our memory nor hold up others.
 */
#ifndef SMTPD_CLIENT_H
#define SMTPD_CLIENT_H

#include "common/base/pace.h"
#include "common/ipc/msg_auth.h"
#include "smtpd/door.h"
#include "smtpd/pending.h"
#include "smtpd/roster.h"
#include "smtpd/session.h"
#include "smtpd/stock.h"

#include <event2/event_struct.h>

enum { PAUSE_MS = 1000, PAUSE_TICK_MS = 100, GRACE_MS = 30000 };

struct conv;
struct question;
struct worker;

struct client {
	TAILQ_ENTRY(client) neighbours;
	enum place place;
	int64_t since; /* monotonic ms: when it came there */
	struct worker *worker;
	struct session session;
	int fd;            /* -1 in PLACE_SECURE, when it was given away */
	uint16_t listener; /* by which it came */
	bool reading;      /* readable is added */
	bool broken;       /* the connection is gone */
	struct event readable;
	struct event *writable; /* NULL until something could not be written */
	struct buf held;        /* read, and not taken by the session */
	struct buf unsent;      /* said, and not taken by the client */
	struct pace pace;
	struct body_file file;      /* of DATA; its ids stay until the answer */
	struct conv *conv;          /* open commit, or question for its fate */
	struct conv *secure;        /* with tls, which has its connection */
	struct question *questions; /* PLACE_LOOKUP: ours */
	size_t nquestions, nopen;   /* in all; not answered */
	/* it is turned away, and only this is said to it; else NULL */
	const struct smtp_reply *farewell;
	struct conv *login;  /* with auth, which looks at its password */
	struct conv *naming; /* with resolve, which looks for its name */
	bool named;          /* the log was told that name */
	size_t memory;       /* of it, as counted by overload.c */
	size_t rcpts_sent;   /* bytes of the list that queue was sent */
};

/* The socket is taken; greets.  counted: see limits_enter(). */
void client_new(const struct door *, int fd, const struct accept_client *,
    uint32_t uid, uint64_t counted);
/* The socket is taken, of one that begins with TLS: it hears why, through TLS,
 * and goes.  It is not read from and takes no place; see farewell.h. */
void client_turn_away(const struct door *, int fd, const struct accept_client *,
    const struct smtp_reply *why);
/* tls is done: the socket with the clear text, and what was agreed on. */
void client_secured(struct client *, int fd, const struct tls_facts *);
/* For intake: what the client waited for. */
void client_file_came(struct client *); /* client->file is set */
void client_answered(struct client *, const struct status *);
void client_refused(struct client *, const struct smtp_reply *);
void client_looked_up(struct client *, const enum whether_answer *);
/* For login: the verdict. */
void client_logged_in(struct client *, enum auth_verdict);
/* Its time in PLACE_GREET or PLACE_PAUSE is over. */
void client_pause_over(struct client *);
/* Says a last word, and goes in its own time. */
void client_close(struct client *, const struct smtp_reply *);
void client_end(struct client *);

#endif
