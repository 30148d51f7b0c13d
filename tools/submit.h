/* SPDX-License-Identifier: ISC */
/* tools/submit.h - an SMTP session over the submission socket.
 *
 * Blocking, with time limits.  The server is ours, but is trusted no further
 * than any: its replies go through common/mail/reply.h.
 */
#ifndef TOOLS_SUBMIT_H
#define TOOLS_SUBMIT_H

#include "common/base/buf.h"
#include "common/mail/domain.h"
#include "common/mail/reply.h"
#include "tools/source.h"

struct session {
	int fd; /* -1: none */
	struct buf in;
	size_t taken;              /* bytes of `in` that were read as lines */
	struct reply reply;        /* the last one */
	char host[DOMAIN_MAX + 1]; /* by the greeting; "" unknown */
	bool pipelining, eightbit, utf8, dsn;
	uint64_t size;    /* the SIZE limit; 0: not told */
	const char *lost; /* why the session broke, NULL: it has not */
};

enum rcpt_state { RCPT_WAITS, RCPT_TAKEN, RCPT_SENT, RCPT_REFUSED };

struct submit_rcpt {
	char *address;
	enum rcpt_state state;
};

struct submit_mail {
	const char *sender; /* "" is the null sender */
	struct submit_rcpt *rcpts;
	size_t nrcpts;
	struct view head; /* what comes before the source's body, LF or CRLF */
	struct view body; /* as much as is in memory */
	struct source *source; /* where the rest comes from, unless whole */
	bool eightbit, utf8;
	const char *notify, *ret, *envid; /* "" when not wished */
	/* A recipient is refused or put off; told as it happens. */
	void (*refused)(
	    const struct submit_rcpt *, const struct reply *, bool later);
};

enum submit_result {
	SUBMIT_SENT,  /* to those that were RCPT_TAKEN, now RCPT_SENT */
	SUBMIT_LATER, /* nothing was sent: reply or lost tells; try again */
	SUBMIT_NEVER, /* reply tells */
	SUBMIT_UNSURE /* lost after the end of data: sent, or not */
};

/* Connects, is greeted, says EHLO. */
enum submit_result session_open(struct session *, const char *path);
void session_close(struct session *); /* with QUIT, if that is possible */
/* One message to the recipients that wait. */
enum submit_result session_send(struct session *, struct submit_mail *);
/* The exit code of sysexits(3) for a refusal. */
int submit_code(const struct reply *);

/* Just the socket, for those who bring their own SMTP: -1 and errno. */
int submit_dial(const char *path);

#endif
