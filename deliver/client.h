/* SPDX-License-Identifier: ISC */
/* deliver/client.h - the SMTP and LMTP client as a state machine (RFC 5321,
 * 2920, 2033).
 *
 * What was heard decides what is said next.  Pure: no socket, no clock.  The
 * driver feeds one line at a time, without its line end, and writes what is
 * appended to `out` before it waits again.  A client lives as long as its
 * connection; transactions come and go.
 *
 * A server may take fewer recipients at a time than there are (RFC 9422):
 * then those that were asked for are settled when the transaction is over,
 * and t->more says that the rest is to be given again.
 *
 * By LMTP each recipient that was accepted has a reply of its own to the final
 * dot, which settles it at once: what has been heard stays, however the session
 * ends.
 *
 * Every end of a session leaves each recipient of its transaction with a
 * status: its own, or the transaction's.  A lost connection, a time-out and
 * nonsense are never more than "later".
 */
#ifndef DELIVER_CLIENT_H
#define DELIVER_CLIENT_H

#include "common/base/buf.h"
#include "common/mail/reply.h"
#include "common/mail/route.h"
#include "deliver/greeting.h"
#include "deliver/login.h"
#include "deliver/transaction.h"

/* What the client waits for. */
enum client_state {
	CLIENT_GREETING,
	CLIENT_EHLO, /* the reply to it; so below */
	CLIENT_HELO,
	CLIENT_STARTTLS,
	CLIENT_HANDSHAKE, /* the driver, which has it made */
	CLIENT_AUTH,      /* the reply to it, or to what it was asked */
	CLIENT_IDLE,      /* for a transaction */
	CLIENT_MAIL,
	CLIENT_RCPT,
	CLIENT_DATA,
	CLIENT_BODY, /* for the driver, which sends the body */
	CLIENT_DOT,  /* the reply to the final dot */
	CLIENT_ENDED
};

enum client_next {
	NEXT_WAIT,  /* for the next line */
	NEXT_BODY,  /* send the body and the dot, then client_dot() */
	NEXT_TLS,   /* have TLS begun, then client_tls_done() or _failed() */
	NEXT_OVER,  /* the transaction is: every recipient has a status */
	NEXT_FAILED /* the session is; another server may be asked for the
		       recipients that are not settled */
};

struct client {
	enum client_state state;
	const char *name;   /* of ours, for EHLO; lent */
	bool lmtp;          /* LMTP is spoken */
	struct reply reply; /* being heard */
	struct greeting greeting;
	struct transaction *t; /* lent; NULL before the first and when idle */
	size_t rcpt;           /* the one whose reply is next: CLIENT_RCPT, and
				  by LMTP CLIENT_DOT */
	size_t nasked;         /* place behind the last of this transaction */
	size_t accepted;       /* recipients, in this transaction */
	size_t replies;        /* heard in this transaction */
	uint64_t mails;        /* begun in this session */
	bool welcome;          /* the greeting was 220 */
	bool ready;            /* it has come to where mail is sent, or only
				  what we ask of it stood in the way */
	enum route_tls tls;    /* what is asked of the connection */
	bool secured;          /* what is said goes through TLS */
	struct login login;
	int64_t now; /* as it was told last */
	bool unfit;  /* a reply to this dot spoke against it */
	bool fit;    /* NEXT_OVER: a next transaction may follow at once */
};

void client_begin(struct client *, const char *name, enum route_tls);
/* LMTP is to be spoken; before the first line is heard. */
void client_lmtp(struct client *);
/* We are to log in at this server; both lent, before the first line is heard.
 */
void client_login(struct client *, const struct credential *, const char *host,
    uint16_t port);
/* What time it is, wall clock, ms; a token may have ended. */
void client_time(struct client *, int64_t now);
/* TLS is there; of the server nothing is known any more (RFC 3207 4.2).
 * Before the first byte that is all, else EHLO is said again. */
void client_tls_done(struct client *, struct buf *out);
/* It is not: the session is over, whatever the reason. */
void client_tls_failed(struct client *, const char *why);
/* Before the greeting is heard, or when idle; the last one must be over. */
enum client_next client_take(
    struct client *, struct transaction *, struct buf *out);
enum client_next client_line(struct client *, struct view, struct buf *out);
/* The last byte of the final dot was handed to the system. */
void client_dot(struct client *);
/* The connection is gone, or what was awaited did not come in time. */
void client_lost(struct client *, const char *why);
/* There is no connection to begin with. */
void client_unreachable(struct client *, const char *why);
/* Seconds to wait in this state (RFC 5321 4.5.3.2). */
unsigned int client_patience(const struct client *);

#endif
