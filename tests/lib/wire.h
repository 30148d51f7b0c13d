/* SPDX-License-Identifier: ISC */
/* tests/lib/wire.h - a connection in an event loop, as both ends need it.
 *
 * What arrives goes to input(), which says how much of it it has used; the
 * rest comes again, with more behind it.  Only the wire closes the socket:
 * the owner calls wire_end(), and gone() is the very last call that the wire
 * makes, so that the owner may free or dial again there.
 *
 * Output is gathered by wire_put() and written once after each input();
 * owners who speak at other times call wire_flush() themselves.
 */
#ifndef TESTS_LIB_WIRE_H
#define TESTS_LIB_WIRE_H

#include "common/base/buf.h"

#include <event2/event.h>
#include <event2/event_struct.h>

enum {
	WIRE_ROOM = 128 * 1024, /* for one read */
	WIRE_KEEP = 64 * 1024   /* input() must use some of more than this */
};

struct wire_loop {
	struct event_base *base;
	char *room; /* WIRE_ROOM bytes, shared by all wires */
};

struct wire_owner {
	size_t (*input)(void *, struct view); /* bytes used */
	void (*gone)(void *);
};

struct wire {
	struct wire_loop *loop;
	const struct wire_owner *owner;
	void *arg;
	int fd; /* -1: closed */
	struct event read;
	struct event write;
	struct buf left; /* read, not yet used */
	struct buf out;
	size_t sent; /* of out */
	bool ending; /* close when everything is written */
	bool paused;
	bool cut; /* closed before everything was written */
};

void wire_loop_open(struct wire_loop *);
void wire_loop_close(struct wire_loop *);

void wire_init(
    struct wire *, struct wire_loop *, const struct wire_owner *, void *arg);
void wire_open(struct wire *, int fd); /* takes the socket */
void wire_put(struct wire *, struct view);
void wire_puts(struct wire *, const char *);
/* False: the wire is gone, and gone() has been called. */
bool wire_flush(struct wire *);
/* Everything that was put has been handed to the system. */
bool wire_drained(const struct wire *);
void wire_end(struct wire *); /* takes effect at the next flush */
/* Between these two, input() is not called. */
void wire_pause(struct wire *);
void wire_resume(struct wire *);
/* Ends it here and now, as if the peer had; calls gone(). */
void wire_cut(struct wire *);
/* Closes without a word to the owner, who frees it. */
void wire_free(struct wire *);

#endif
