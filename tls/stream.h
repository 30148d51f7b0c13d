/* SPDX-License-Identifier: ISC */
/* tls/stream.h - one connection: TLS on one side, clear text on the other.
 *
 * The connection was given to us; of the pair of sockets that carries the
 * clear text we keep one end.  In each direction at most STREAM_PIECE bytes
 * are held, and only while the other side does not take them: nothing more is
 * read until they are gone.
 *
 * Which side of TLS we are is settled by who begins the stream (accept.c); the
 * rest is the same for both.
 */
#ifndef TLS_STREAM_H
#define TLS_STREAM_H

#include "common/base/buf.h"
#include "common/ipc/channel.h"
#include "common/ipc/msg_tls.h"

#include <event2/event_struct.h>
#include <sys/queue.h>

struct contexts;
struct tls;

enum { STREAM_PIECE = 16384 }; /* a record */

/* Each is a list in order of time, with a limit of its own. */
enum stream_state {
	STREAM_STARTING, /* the handshake, from the first byte on */
	STREAM_OPEN,
	STREAM_STUCK,   /* open, and the peer takes nothing */
	STREAM_CLOSING, /* the last bytes and close_notify are to go out */
	STREAM_LINGER,  /* all said: the peer may read it in peace */
	STREAM_STATES
};

TAILQ_HEAD(stream_list, stream);

/* What all streams share. */
struct streams {
	struct event_base *base;
	struct stream_list lists[STREAM_STATES];
	size_t n, nturned_away; /* n: with those */
	char scratch[STREAM_PIECE];
};

struct stream {
	TAILQ_ENTRY(stream) neighbours;
	struct streams *all;
	enum stream_state state;
	int64_t since;           /* monotonic ms, of the state */
	struct channel *channel; /* where the conversation is */
	struct conv *conv;       /* NULL: it is over */
	uint16_t listener;
	bool turned_away; /* counted in all->nturned_away */
	int peer, clear;  /* sockets; clear -1: none yet, or no more */
	struct event peer_readable, peer_writable;
	struct event clear_readable, clear_writable;
	struct buf ahead; /* read before libtls, to be read by it */
	struct buf in;    /* clear text that ours did not take */
	struct buf out;   /* of ours, that TLS did not take */
	struct contexts *contexts;
	struct msg_tls_connect *dane; /* what it must show, or NULL */
	struct tls *tls;              /* NULL: the ClientHello is being read */
	bool read_wants_out; /* tls_read() waits for the peer to take */
	bool write_wants_in; /* tls_write() waits for the peer to say */
	bool peer_gone;      /* end of the connection, however it came */
	bool peer_ended;     /* a proper end of its stream */
};

void streams_init(struct streams *, struct event_base *);

/* Takes the connection; STREAM_STARTING. */
struct stream *stream_new(
    struct streams *, int peer, struct channel *, struct conv *);
void stream_end(struct stream *); /* without a word */
void stream_move(struct stream *, enum stream_state);
/* Says how it ended, once, and ends the conversation.  text: NULL is none. */
void stream_say_end(struct stream *, enum tls_end, const char *text);
/* The same, then closes the connection in a way that the peer can read what
 * was sent.  stream may be gone after it. */
void stream_fail(struct stream *, enum tls_end, const char *text);
/* The handshake is done: clear text flows. */
void stream_open(struct stream *, int clear);
/* stream->tls is to be used: the calls for its bytes. */
ssize_t stream_pull(struct tls *, void *, size_t, void *);
ssize_t stream_push(struct tls *, const void *, size_t, void *);
/* What the events of the peer's socket are; only those of these are on. */
void stream_watch_peer(struct stream *, bool readable, bool writable);

/* accept.c: in STREAM_STARTING. */
void accept_step(struct stream *);

#endif
