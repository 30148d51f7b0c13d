/* SPDX-License-Identifier: ISC */
/* smtpd/secure.c - what passes between us and tls.
 *
 * Must not believe what tls says of a client beyond its own session.
 */
#include "smtpd/secure.h"

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/ipc/msg_tls.h"
#include "smtpd/worker.h"

#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The next process in turn that takes one more, or NULL. */
static struct peer *
peer_pick(struct worker *w)
{
	size_t n = 0;

	while (process_peer(PEER_TLS, n) != NULL)
		n++;
	for (size_t i = 0; i < n; i++) {
		struct peer *p = process_peer(PEER_TLS, (w->tls_next + i) % n);

		if (p->channel == NULL ||
		    !channel_may_open(p->channel, &msg_tls_serve))
			continue;
		w->tls_next = (w->tls_next + i + 1) % n;
		return p;
	}
	return NULL;
}

void
secure_peers_changed(struct worker *w)
{
	struct peer *p;

	w->service.tls_up = false;
	for (size_t i = 0; (p = process_peer(PEER_TLS, i)) != NULL; i++)
		w->service.tls_up = w->service.tls_up || p->channel != NULL;
}

static void
log_end_of(const struct client *c, const char *how, const char *text)
{
	bool begun = c->session.tls != NULL;
	char ip[IP_TEXT];

	if (begun && !log_debugs())
		return;
	log_begin(begun ? "tls-end" : "tls-failed");
	log_word("client", ip_print(&c->session.client.ip, ip));
	log_word("how", how);
	if (text[0] != '\0')
		log_text("text", text);
	log_end();
}

/* Nothing can be said: TLS alone would be understood.  A line of the log a
 * second is enough; see secure_second(). */
static void
nobody_takes(struct client *c)
{
	struct worker *w = c->worker;

	if (c->farewell != NULL)
		w->untold++;
	else if (w->unserved++ == 0)
		log_end_of(c, w->service.tls_up ? "full" : "error",
		    w->service.tls_up ? "" : "no process for TLS lives");
	client_end(c);
}

void
secure_second(struct worker *w)
{
	if (w->unserved > 1) {
		log_begin("tls-failed");
		log_u64("more", w->unserved - 1);
		log_end();
	}
	w->unserved = 0;
}

static void
hand_over(struct client *c)
{
	const struct msg_tls_serve m = {
		.listener = c->listener,
		.turned_away = c->farewell != NULL,
	};
	struct peer *p = peer_pick(c->worker);

	if (p == NULL) {
		nobody_takes(c);
		return;
	}
	c->secure =
	    channel_open(p->channel, &msg_tls_serve, &m, c->fd, CONV_A, c);
	c->fd = -1;
	roster_move(&c->worker->roster, c, PLACE_SECURE);
}

static void
on_handover(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct client *c;

	(void)fd;
	(void)what;
	while ((c = roster_first(&w->roster, PLACE_GIVE)) != NULL)
		hand_over(c);
}

void
secure_init(struct worker *w)
{
	event_assign(&w->handover, w->base, -1, 0, on_handover, w);
}

/*
 * In the next turn: the kernel is told by then that we do not watch the socket
 * any more.  Closing it would not do, as it lives on in the other process, and
 * its news would come to us under a number that is another client's.
 */
void
secure_begin(struct client *c)
{
	const struct timeval now = { 0, 0 };

	roster_move(&c->worker->roster, c, PLACE_GIVE);
	event_add(&c->worker->handover, &now);
}

void
secure_forget(struct client *c)
{
	if (c->secure != NULL)
		c->secure->object = NULL;
	c->secure = NULL;
}

static void
log_tls(const struct client *c, const struct msg_tls_open *m)
{
	char ip[IP_TEXT];

	log_begin("tls");
	log_word("client", ip_print(&c->session.client.ip, ip));
	log_text("protocol", m->protocol);
	log_text("cipher", m->cipher);
	if (m->name[0] != '\0')
		log_text("name", m->name);
	log_end();
}

/* A stream that cannot make us wait; the pair was made by tls. */
static bool
is_stream(int fd)
{
	socklen_t len = sizeof(int);
	int type, flags = fcntl(fd, F_GETFL);

	return flags != -1 && (flags & O_NONBLOCK) != 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_STREAM;
}

static bool
on_open(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_tls_open *m = msg;
	struct client *c = conv->object;
	struct tls_facts facts;

	(void)ch;
	if (!is_stream(fd)) {
		close(fd);
		return false;
	}
	if (c == NULL) {
		close(fd); /* it has left meanwhile */
		return true;
	}
	memcpy(facts.protocol, m->protocol, sizeof(facts.protocol));
	memcpy(facts.cipher, m->cipher, sizeof(facts.cipher));
	if (c->farewell == NULL)
		log_tls(c, m);
	client_secured(c, fd, &facts);
	return true;
}

static const char *
end_word(uint8_t how)
{
	static const char *const words[] = {
		[TLS_END_CLOSED] = "closed",
		[TLS_END_CUT] = "cut",
		[TLS_END_ERROR] = "error",
		[TLS_END_LATE] = "late",
		[TLS_END_FULL] = "full",
		[TLS_END_OURS] = "ours",
	};

	return how < nitems(words) ? words[how] : NULL;
}

/* A session that goes on has bytes to read yet, and their end by itself. */
static bool
on_end(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_tls_end *m = msg;
	struct client *c = conv->object;
	const char *how = end_word(m->how);

	(void)ch;
	(void)fd;
	if (how == NULL)
		return false;
	if (c == NULL)
		return true;
	c->secure = NULL;
	log_end_of(c, how, m->text);
	if (c->place == PLACE_SECURE)
		client_end(c);
	return true;
}

void
secure_lost(struct channel *ch, struct conv *conv)
{
	struct client *c = conv->object;

	(void)ch;
	if (c == NULL)
		return;
	c->secure = NULL;
	log_end_of(c, "error", "its process has ended");
	if (c->place == PLACE_SECURE)
		client_end(c);
}

/* clang-format off */
const struct channel_rule secure_rules[] = {
	/* message		handler		in		then */
	{ &msg_tls_open,	on_open,	CONV_A,		CONV_B },
	{ &msg_tls_end,		on_end,		CONV_A | CONV_B, CONV_END },
};
/* clang-format on */

_Static_assert(nitems(secure_rules) == SECURE_RULES, "count of rules");
