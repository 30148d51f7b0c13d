/* SPDX-License-Identifier: ISC */
/* tests/lib/chat.h - scripted dialogues, read from files.
 *
 *	# comment: the RFC and section that the dialogue shows
 *	conf  STATEMENT          a line of postern.conf
 *	class local              the submission socket, uid 1000
 *	client 192.0.2.9         the client's address
 *	queue 452 4.3.1 TEXT     queue's answer to each commit (else stored)
 *	intake 452 4.3.1 TEXT    queue wants no new mail
 *	stock none               queue has no file for a body
 *	C: TEXT                  the client sends TEXT and CRLF
 *	C+ TEXT                  the same without CRLF
 *	S: TEXT                  our answer; "*" stands for anything
 *	S* TEXT                  lines of our answer up to one of this form
 *	stored FROM TO...        a message was stored with this envelope
 *	| TEXT                   ... and this line, below our trace header
 *	closed                   we hang up
 *
 * In C lines \r \n \t \0 \\ and \xHH are bytes, {TEXT*N} is TEXT N times.
 * After S lines nothing more may have been answered before the next C line.
 * Lines from "class" to "stock" need the pure core: over a socket such a
 * dialogue is left out.
 */
#ifndef TESTS_LIB_CHAT_H
#define TESTS_LIB_CHAT_H

#include "common/base/buf.h"

enum chat_kind {
	CHAT_CONF,
	CHAT_CLASS,
	CHAT_CLIENT,
	CHAT_QUEUE,
	CHAT_INTAKE,
	CHAT_STOCK,
	CHAT_SEND,
	CHAT_EXPECT,
	CHAT_EXPECT_UP_TO,
	CHAT_STORED,
	CHAT_BODY,
	CHAT_CLOSED
};

struct chat_step {
	enum chat_kind kind;
	unsigned int line;
	char *text; /* CHAT_SEND: the bytes, decoded */
	size_t len;
};

struct chat {
	struct chat_step *steps;
	size_t nsteps;
};

/* False: *line is the one that cannot be read, 0 for the whole file. */
bool chat_read(struct chat *, const char *path, unsigned int *line);
void chat_free(struct chat *);
/* Is text what the pattern says?  Only "*" is special. */
bool chat_match(struct view pattern, struct view text);

#endif
