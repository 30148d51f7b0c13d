/* SPDX-License-Identifier: ISC */
/* tls/accept.c - a handshake; and what is before it on the server's side.
 *
 * Where there is a choice of certificates the ClientHello is read first, then
 * played to libtls as if nothing had happened.
 */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "tls/context.h"
#include "tls/dane.h"
#include "tls/hello.h"
#include "tls/stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <tls.h>
#include <unistd.h>

static void
begin(struct stream *s, unsigned int ecdsa)
{
	struct tls *ctx = contexts_pick(s->contexts, s->listener, ecdsa);

	if (ctx == NULL) {
		stream_fail(s, TLS_END_ERROR, "no certificate for it");
		return;
	}
	if (tls_accept_cbs(ctx, &s->tls, stream_pull, stream_push, s) == -1)
		fatal("a connection for TLS: %s", tls_error(ctx));
	accept_step(s);
}

/* As much of the ClientHello as is there. */
static void
read_hello(struct stream *s)
{
	unsigned int ecdsa = 0;
	size_t room = HELLO_MAX - s->ahead.len;
	ssize_t n;

	n = read(s->peer, s->all->scratch, room);
	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		stream_watch_peer(s, true, false);
		return;
	}
	if (n <= 0) {
		s->peer_gone = true;
		stream_fail(s, TLS_END_CUT, "in the handshake");
		return;
	}
	buf_add(&s->ahead, view_make(s->all->scratch, (size_t)n));
	if (hello_read(buf_view(&s->ahead), &ecdsa) == HELLO_PART)
		stream_watch_peer(s, true, false);
	else
		begin(s, ecdsa);
}

static void
copy_text(const char *from, char *to, size_t size)
{
	to[0] = '\0';
	if (from != NULL)
		view_copy(view_of(from), to, size);
}

/* Before a byte of clear text flows. */
static bool
dane_holds(struct stream *s, const char **why)
{
	size_t len = 0;
	const uint8_t *pem = tls_peer_cert_chain_pem(s->tls, &len);
	bool fine;

	*why = "no certificate";
	fine = pem != NULL &&
	       dane_verify(s->dane, view_make((const char *)pem, len), why);
	mem_free(s->dane);
	s->dane = NULL;
	return fine;
}

/* Ours gets one end of the clear text, and what was agreed on. */
static void
hand_over(struct stream *s)
{
	struct msg_tls_open m;
	const char *why;
	int ends[2];

	if (s->dane != NULL && !dane_holds(s, &why)) {
		stream_fail(s, TLS_END_ERROR, why);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		ends) == -1) {
		stream_fail(s, TLS_END_FULL, strerror(errno));
		return;
	}
	copy_text(tls_conn_version(s->tls), m.protocol, sizeof(m.protocol));
	copy_text(tls_conn_cipher(s->tls), m.cipher, sizeof(m.cipher));
	copy_text(tls_conn_servername(s->tls), m.name, sizeof(m.name));
	channel_send(s->channel, s->conv, &msg_tls_open, &m, ends[1]);
	stream_open(s, ends[0]);
}

static void
handshake(struct stream *s)
{
	int n = tls_handshake(s->tls);

	if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT) {
		stream_watch_peer(
		    s, n == TLS_WANT_POLLIN, n == TLS_WANT_POLLOUT);
		return;
	}
	if (n == 0 && s->conv != NULL) {
		hand_over(s);
		return;
	}
	if (s->peer_gone)
		stream_fail(s, TLS_END_CUT, "in the handshake");
	else
		stream_fail(s, TLS_END_ERROR, tls_error(s->tls));
}

void
accept_step(struct stream *s)
{
	if (s->tls != NULL)
		handshake(s);
	else if (contexts_choose(s->contexts, s->listener))
		read_hello(s);
	else
		begin(s, 0);
}
