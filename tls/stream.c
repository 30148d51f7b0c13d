/* SPDX-License-Identifier: ISC */
/* tls/stream.c - one connection: TLS on one side, clear text on the other.
 *
 * Must not know what the bytes mean.  What was decrypted is handed on before
 * the end of the peer's stream is, and the end is told apart: said by the peer
 * (close_notify), or only come about.
 */
#include "tls/stream.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "tls/context.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <tls.h>
#include <unistd.h>

enum { PIECES_PER_TURN = 4 }; /* so that no stream holds up the others */

static void serve(struct stream *);

void
streams_init(struct streams *all, struct event_base *base)
{
	all->base = base;
	for (size_t i = 0; i < STREAM_STATES; i++)
		TAILQ_INIT(&all->lists[i]);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	serve(arg);
}

static void
watch(struct event *e, bool on)
{
	if (on == (event_pending(e, EV_READ | EV_WRITE, NULL) != 0))
		return;
	if ((on ? event_add(e, NULL) : event_del(e)) == -1)
		fatal("no event for a stream");
}

void
stream_watch_peer(struct stream *s, bool readable, bool writable)
{
	watch(&s->peer_readable, readable);
	watch(&s->peer_writable, writable);
}

static void
watch_clear(struct stream *s, bool readable, bool writable)
{
	if (s->clear == -1)
		return;
	watch(&s->clear_readable, readable);
	watch(&s->clear_writable, writable);
}

struct stream *
stream_new(
    struct streams *all, int peer, struct channel *channel, struct conv *conv)
{
	struct stream *s = mem_zero(1, sizeof(*s));

	s->all = all;
	s->channel = channel;
	s->conv = conv;
	s->peer = peer;
	s->clear = -1;
	buf_init(&s->in, STREAM_PIECE);
	buf_init(&s->out, STREAM_PIECE);
	event_assign(&s->peer_readable, all->base, peer, EV_READ | EV_PERSIST,
	    on_event, s);
	event_assign(&s->peer_writable, all->base, peer, EV_WRITE | EV_PERSIST,
	    on_event, s);
	s->state = STREAM_STARTING;
	s->since = clock_mono_ms();
	TAILQ_INSERT_TAIL(&all->lists[s->state], s, neighbours);
	all->n++;
	return s;
}

void
stream_move(struct stream *s, enum stream_state state)
{
	TAILQ_REMOVE(&s->all->lists[s->state], s, neighbours);
	s->since = clock_mono_ms();
	s->state = state;
	TAILQ_INSERT_TAIL(&s->all->lists[state], s, neighbours);
}

static void
close_clear(struct stream *s)
{
	if (s->clear == -1)
		return;
	event_del(&s->clear_readable);
	event_del(&s->clear_writable);
	close(s->clear);
	s->clear = -1;
	buf_free(&s->in);
}

void
stream_say_end(struct stream *s, enum tls_end how, const char *text)
{
	struct msg_tls_end m = { .how = (uint8_t)how };
	struct conv *conv = s->conv;

	if (conv == NULL)
		return;
	s->conv = NULL;
	conv->object = NULL;
	view_copy(view_of(text == NULL ? "" : text), m.text, sizeof(m.text));
	channel_send(s->channel, conv, &msg_tls_end, &m, -1);
	conv_end(s->channel, conv);
}

void
stream_end(struct stream *s)
{
	close_clear(s);
	stream_say_end(s, TLS_END_OURS, "");
	event_del(&s->peer_readable);
	event_del(&s->peer_writable);
	tls_free(s->tls);
	mem_free(s->dane);
	contexts_drop(s->contexts);
	buf_free(&s->ahead);
	buf_free(&s->out);
	close(s->peer);
	TAILQ_REMOVE(&s->all->lists[s->state], s, neighbours);
	s->all->n--;
	s->all->nturned_away -= s->turned_away;
	mem_free(s);
}

/*
 * All was written: what it says now is not for us, but a connection that is
 * closed over unread bytes is reset, and our last word may be lost with it.
 */
static void
linger(struct stream *s)
{
	if (s->peer_gone) {
		stream_end(s);
		return;
	}
	(void)shutdown(s->peer, SHUT_WR);
	stream_move(s, STREAM_LINGER);
	stream_watch_peer(s, true, false);
}

void
stream_fail(struct stream *s, enum tls_end how, const char *text)
{
	stream_say_end(s, how, text);
	close_clear(s);
	buf_free(&s->out);
	linger(s);
}

/* The socket of the peer as libtls sees it: first what was read ahead. */
ssize_t
stream_pull(struct tls *tls, void *to, size_t size, void *arg)
{
	struct stream *s = arg;
	ssize_t n;

	(void)tls;
	if (s->ahead.len > 0) {
		size_t len = size < s->ahead.len ? size : s->ahead.len;

		memcpy(to, s->ahead.data, len);
		buf_drop(&s->ahead, len);
		if (s->ahead.len == 0)
			buf_free(&s->ahead);
		return (ssize_t)len;
	}
	n = read(s->peer, to, size);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return TLS_WANT_POLLIN;
	s->peer_gone = s->peer_gone || n <= 0;
	return n;
}

ssize_t
stream_push(struct tls *tls, const void *from, size_t len, void *arg)
{
	struct stream *s = arg;
	ssize_t n = write(s->peer, from, len);

	(void)tls;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return TLS_WANT_POLLOUT;
	s->peer_gone = s->peer_gone || n == -1;
	return n;
}

/* Ours has ended: the last bytes, close_notify, and the connection. */
static void
close_step(struct stream *s)
{
	ssize_t n;

	while (s->out.len > 0 && !s->peer_gone) {
		n = tls_write(s->tls, s->out.data, s->out.len);
		if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT) {
			stream_watch_peer(
			    s, n == TLS_WANT_POLLIN, n == TLS_WANT_POLLOUT);
			return;
		}
		if (n <= 0)
			break;
		buf_drop(&s->out, (size_t)n);
	}
	buf_free(&s->out);
	if (!s->peer_gone && tls_close(s->tls) == TLS_WANT_POLLOUT) {
		stream_watch_peer(s, false, true);
		return;
	}
	linger(s);
}

static void
begin_closing(struct stream *s)
{
	stream_say_end(s, TLS_END_OURS, "");
	close_clear(s);
	stream_move(s, STREAM_CLOSING);
	close_step(s);
}

static void
linger_step(struct stream *s)
{
	ssize_t n = read(s->peer, s->all->scratch, STREAM_PIECE);

	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		stream_end(s);
}

/* What of the clear text ours did not take before.  False: it still does not,
 * or it is gone. */
static bool
flush_in(struct stream *s)
{
	ssize_t n;

	if (s->in.len == 0)
		return true;
	n = write(s->clear, s->in.data, s->in.len);
	if (n <= 0)
		return false;
	buf_drop(&s->in, (size_t)n);
	if (s->in.len > 0)
		return false;
	buf_free(&s->in);
	return true;
}

static void
hand_in(struct stream *s, struct view v)
{
	ssize_t n = write(s->clear, v.data, v.len);

	if (n > 0)
		v = view_skip(v, (size_t)n);
	buf_add(&s->in, v);
}

/* The peer's stream is over.  False: so is ours. */
static bool
peer_over(struct stream *s, ssize_t n)
{
	if (n == 0 && !s->peer_gone) {
		s->peer_ended = true;
		stream_say_end(s, TLS_END_CLOSED, "");
		(void)shutdown(s->clear, SHUT_WR);
		return true;
	}
	if (s->peer_gone)
		stream_fail(s, TLS_END_CUT, "");
	else
		stream_fail(s, TLS_END_ERROR, tls_error(s->tls));
	return false;
}

/* From the peer to ours.  False: the stream is gone. */
static bool
pump_in(struct stream *s)
{
	ssize_t n;

	for (int i = 0; i < PIECES_PER_TURN || s->ahead.len > 0; i++) {
		if (!flush_in(s) || s->peer_ended)
			return true;
		n = tls_read(s->tls, s->all->scratch, STREAM_PIECE);
		s->read_wants_out = n == TLS_WANT_POLLOUT;
		if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT)
			return true;
		if (n <= 0)
			return peer_over(s, n);
		hand_in(s, view_make(s->all->scratch, (size_t)n));
	}
	return true;
}

/* Takes what it can of v.  False: the peer is gone. */
static bool
hand_out(struct stream *s, struct view *v)
{
	while (v->len > 0) {
		ssize_t n = tls_write(s->tls, v->data, v->len);

		s->write_wants_in = n == TLS_WANT_POLLIN;
		if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT)
			return true;
		if (n <= 0)
			return false;
		*v = view_skip(*v, (size_t)n);
	}
	return true;
}

/* False: the peer is gone. */
static bool
flush_out(struct stream *s)
{
	struct view v = buf_view(&s->out);
	size_t before = v.len;
	bool fine;

	if (before == 0)
		return true;
	fine = hand_out(s, &v);
	buf_drop(&s->out, before - v.len);
	if (s->out.len == 0)
		buf_free(&s->out);
	if (fine && v.len < before) /* it takes again */
		stream_move(s, STREAM_OPEN);
	return fine;
}

/* From ours to the peer.  False: the stream is gone, or closing. */
static bool
pump_out(struct stream *s)
{
	for (int i = 0; i < PIECES_PER_TURN; i++) {
		struct view v;
		ssize_t n;
		bool fine = flush_out(s);

		if (fine && s->out.len > 0)
			return true;
		n = fine ? read(s->clear, s->all->scratch, STREAM_PIECE) : -1;
		if (n == -1 && fine && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n <= 0 && fine) {
			begin_closing(s);
			return false;
		}
		v = view_make(s->all->scratch, fine ? (size_t)n : 0);
		fine = fine && hand_out(s, &v);
		if (!fine) {
			stream_fail(s, TLS_END_CUT, "");
			return false;
		}
		buf_add(&s->out, v);
	}
	return true;
}

static void
watch_open(struct stream *s)
{
	bool stuck = s->out.len > 0;

	if (stuck && s->state == STREAM_OPEN)
		stream_move(s, STREAM_STUCK);
	stream_watch_peer(s,
	    (s->in.len == 0 && !s->peer_ended && !s->read_wants_out) ||
		(stuck && s->write_wants_in),
	    s->read_wants_out || (stuck && !s->write_wants_in));
	watch_clear(s, !stuck, s->in.len > 0);
}

static void
serve(struct stream *s)
{
	switch (s->state) {
	case STREAM_STARTING:
		accept_step(s);
		return;
	case STREAM_OPEN:
	case STREAM_STUCK:
		if (pump_in(s) && pump_out(s))
			watch_open(s);
		return;
	case STREAM_CLOSING:
		close_step(s);
		return;
	case STREAM_LINGER:
		linger_step(s);
		return;
	case STREAM_STATES:
		break;
	}
	panic("stream in state %d", (int)s->state);
}

void
stream_open(struct stream *s, int clear)
{
	s->clear = clear;
	event_assign(&s->clear_readable, s->all->base, clear,
	    EV_READ | EV_PERSIST, on_event, s);
	event_assign(&s->clear_writable, s->all->base, clear,
	    EV_WRITE | EV_PERSIST, on_event, s);
	stream_move(s, STREAM_OPEN);
	serve(s);
}
