/* SPDX-License-Identifier: ISC */
/* deliver/conn.c - one connection to a server: socket, client, time-outs.
 *
 * All writes and reads of deliver's sockets are here.  Must never block, and
 * must not touch a connection after over() or failed() was called for it.
 */
#include "deliver/conn.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/ip.h"
#include "deliver/dial.h"
#include "deliver/heard.h"
#include "deliver/secure.h"
#include "deliver/socket.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	CONNECT_SECONDS = 30,
	HANDSHAKE_SECONDS = 120, /* tls gives up sooner */
	GRACE_MS = 180 * 1000,   /* of a body: as long as for a piece */
	LINE_BYTES = 4096,       /* RFC 5321 4.5.3.1.5 says 512 */
	OUT_BYTES = 2048 * 1024, /* a group of commands, or a piece */
	PIECES_PER_TURN = 4      /* of a body, so that no one starves others */
};

static void on_readable(evutil_socket_t, short, void *);
static void on_writable(evutil_socket_t, short, void *);
static void on_timeout(void *);

void
conns_init(struct conns *all, struct event_base *base, struct timers *timers)
{
	memset(all, 0, sizeof(*all));
	all->base = base;
	all->timers = timers;
	TAILQ_INIT(&all->asked);
	buf_init(&all->out, OUT_BYTES);
}

static void on_handover(evutil_socket_t, short, void *);

/* What the client is to ask for. */
static enum route_tls
tls_wanted(const struct conn_policy *p)
{
	return p->clear ? ROUTE_TLS_NONE : p->route.tls;
}

static const char *
our_name(const struct conns *all, const struct conn_policy *p)
{
	return p->source == NULL || p->source->helo[0] == '\0'
		   ? all->hostname
		   : p->source->helo;
}

/* The socket that it has from now on. */
static void
take_socket(struct conn *c, int fd)
{
	struct event_base *base = c->all->base;

	c->fd = fd;
	event_assign(
	    &c->readable, base, fd, EV_READ | EV_PERSIST, on_readable, c);
	event_assign(&c->writable, base, fd, EV_WRITE, on_writable, c);
	event_add(&c->readable, NULL);
}

/* fd -1: take_socket() follows later. */
static struct conn *
conn_new(
    struct conns *all, int fd, uint16_t port, const struct conn_policy *policy)
{
	struct conn *c = mem_zero(1, sizeof(*c));

	c->opened_at = clock_mono_ms();

	c->all = all;
	c->fd = -1;
	if (fd != -1)
		take_socket(c, fd);
	timer_init(&c->timer, on_timeout, c);
	timer_set(all->timers, &c->timer, CONNECT_SECONDS);
	event_assign(&c->handover, all->base, -1, 0, on_handover, c);
	c->policy = *policy;
	dane_hold(c->policy.dane);
	client_begin(&c->client, our_name(all, policy), tls_wanted(policy));
	if (policy->lmtp)
		client_lmtp(&c->client);
	client_login(&c->client, all->credential, c->policy.name, port);
	if (policy->route.immediate)
		event_add(&c->writable, NULL); /* it speaks when it is there */
	buf_init(&c->in, 2 * LINE_BYTES + TRANSFER_PIECE);
	buf_init(&c->out, OUT_BYTES);
	all->n++;
	return c;
}

struct conn *
conn_open(struct conns *all, const struct ip *ip, uint16_t port,
    const struct conn_policy *policy)
{
	int fd = -1;

	if (ip->family != 0 && (fd = dial(ip, port, policy->source)) == -1)
		return NULL;
	if (fd == -1) {
		struct conn *c = conn_new(all, -1, port, policy);

		socket_ask(c, port);
		return c;
	}
	return conn_new(all, fd, port, policy);
}

/* Neither is asked for any more by the kernel, once this turn is over. */
static void
unwatch(struct conn *c)
{
	if (c->fd == -1)
		return;
	event_del(&c->readable);
	event_del(&c->writable);
}

static void
conn_free(struct conn *c)
{
	unwatch(c);
	event_del(&c->handover);
	secure_forget(c);
	socket_forget(c);
	timer_clear(c->all->timers, &c->timer);
	if (c->fd != -1)
		close(c->fd);
	buf_free(&c->in);
	buf_free(&c->out);
	dane_drop(c->policy.dane);
	c->all->n--;
	mem_free(c);
}

void
conn_drop(struct conn *c)
{
	conn_free(c);
}

void
conn_quit(struct conn *c)
{
	bool in_body = (c->sending || c->dot) && !c->client.fit;

	/* nobody waits for the 221: it would tell us nothing */
	if (c->fd != -1 && !c->mute && c->connected && !c->handing &&
	    c->out.len == 0 && !in_body)
		(void)!write(c->fd, "QUIT\r\n", 6);
	conn_free(c);
}

bool
conn_past_dot(const struct conn *c)
{
	return c->client.state == CLIENT_DOT;
}

static void
wait_more(struct conn *c)
{
	timer_set(c->all->timers, &c->timer, client_patience(&c->client));
}

void
conn_rest(struct conn *c)
{
	wait_more(c);
}

static void
lost(struct conn *c, const char *why)
{
	client_lost(&c->client, why);
	c->all->failed(c);
}

/*
 * A server that says or takes something all the time may still hold us for
 * days.  False: c is gone.
 */
static bool
on_time(struct conn *c)
{
	const struct conns *all = c->all;
	int64_t now = clock_mono_ms();
	char why[STATUS_TEXT];

	if (pace_too_slow(&c->pace, all->rate, now))
		snprintf(why, sizeof(why),
		    "the server takes less than %llu bytes a second",
		    (unsigned long long)all->rate);
	else if (pace_too_old(&c->pace, all->life_ms, now))
		snprintf(why, sizeof(why),
		    "the server takes longer than %lld seconds in all",
		    (long long)all->life_ms / 1000);
	else
		return true;
	c->late = true;
	lost(c, why);
	return false;
}

static void
note_pace(struct conn *c, ssize_t n)
{
	pace_note(&c->pace, (uint64_t)n, c->client.state == CLIENT_BODY,
	    clock_mono_ms());
}

/* Something of what was kept is gone. */
static bool
put_kept(struct conn *c)
{
	ssize_t n = write(c->fd, c->out.data, c->out.len);

	if (n == -1 && errno != EAGAIN && errno != EINTR)
		c->mute = true;
	if (n <= 0)
		return false;
	buf_drop(&c->out, (size_t)n);
	note_pace(c, n);
	wait_more(c);
	return true;
}

/*
 * Writes what it can and keeps the rest.  After an error the connection is
 * still read to its end: a server that hangs up often said why.
 */
static void
put(struct conn *c, struct view v)
{
	ssize_t n = 0;

	if (c->mute || v.len == 0)
		return;
	if (c->out.len == 0) {
		n = write(c->fd, v.data, v.len);
		if (n == -1 && errno != EAGAIN && errno != EINTR) {
			c->mute = true;
			return;
		}
		n = n == -1 ? 0 : n;
	}
	note_pace(c, n);
	if ((size_t)n == v.len)
		return;
	buf_add(&c->out, view_skip(v, (size_t)n));
	if (!buf_ok(&c->out))
		c->mute = true;
	event_add(&c->writable, NULL);
}

/* The commands that the client has just said. */
static void
put_said(struct conn *c)
{
	put(c, buf_view(&c->all->out));
	buf_clear(&c->all->out);
}

/*
 * In the next turn the kernel knows that we do not watch the socket; closing
 * it would not do, as it lives on in the other process.
 */
static void
begin_tls(struct conn *c)
{
	const struct timeval now = { 0, 0 };

	c->handing = true;
	unwatch(c);
	event_add(&c->handover, &now);
	timer_set(c->all->timers, &c->timer, HANDSHAKE_SECONDS);
}

static void
on_handover(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	fd = c->fd;
	c->fd = -1;
	if (!secure_begin(c, fd))
		conn_insecure(c, "its process is not there");
}

void
conn_socket(struct conn *c, int fd)
{
	take_socket(c, fd);
	c->connected = true;
	wait_more(c);
}

void
conn_no_socket(struct conn *c, const char *why)
{
	client_unreachable(&c->client, why);
	c->all->failed(c);
}

void
conn_insecure(struct conn *c, const char *why)
{
	client_tls_failed(&c->client, why);
	c->all->failed(c);
}

void
conn_secured(struct conn *c, int fd)
{
	take_socket(c, fd);
	c->handing = false;
	buf_clear(&c->all->out);
	client_tls_done(&c->client, &c->all->out);
	put_said(c);
	wait_more(c);
}

static void
dot_sent(struct conn *c)
{
	client_dot(&c->client);
	c->all->dotted(c);
}

/* Pieces of the body, as many as the socket takes.  False: c is gone. */
static bool
send_body(struct conn *c)
{
	struct conns *all = c->all;
	enum transfer_step step = TRANSFER_MORE;

	/* a server that speaks now might claim to have answered the dot */
	if (c->in.len > 0) {
		lost(c, "the server spoke before its time");
		return false;
	}
	for (int i = 0; i < PIECES_PER_TURN && step == TRANSFER_MORE &&
			c->out.len == 0 && !c->mute;
	     i++) {
		buf_clear(&all->out);
		step = transfer_next(&c->transfer, all->scratch, &all->out);
		if (step == TRANSFER_BROKEN) {
			buf_clear(&all->out);
			lost(c, "the stored body cannot be read");
			return false;
		}
		put_said(c);
	}
	c->sending = step == TRANSFER_MORE;
	c->dot = step == TRANSFER_END;
	if (c->dot && c->out.len == 0 && !c->mute)
		dot_sent(c);
	else if (!c->mute)
		event_add(&c->writable, NULL);
	wait_more(c);
	return true;
}

/* Acts on one line's outcome.  False: c is gone, or has a new life. */
static bool
act(struct conn *c, enum client_next next, bool more)
{
	put_said(c);
	switch (next) {
	case NEXT_WAIT:
	case NEXT_BODY:
		if (!on_time(c))
			return false;
		wait_more(c);
		return true;
	case NEXT_TLS:
		/* RFC 3207 6: what came with it came from whoever is between */
		if (more) {
			lost(c, "bytes behind the reply to STARTTLS");
			return false;
		}
		begin_tls(c);
		return false;
	case NEXT_OVER:
		/* what was said beyond the last reply answers nothing */
		c->client.fit = c->client.fit && !more && !c->mute;
		c->messages++;
		timer_clear(c->all->timers, &c->timer);
		c->all->over(c);
		return false;
	case NEXT_FAILED:
		c->all->failed(c);
		return false;
	}
	return false;
}

/* Every whole line; *in is the rest.  False: c is gone or begins anew. */
static bool
hear_lines(struct conn *c, struct view *in)
{
	enum client_next next;
	struct view line;

	while (reply_cut(in, &line)) {
		buf_clear(&c->all->out);
		heard_line(&c->client, line);
		client_time(&c->client, clock_wall_ms());
		next = client_line(&c->client, line, &c->all->out);
		if (in->len == 0)
			buf_clear(&c->in); /* it may be used anew in act() */
		/* replies of several lines have one time limit in all */
		if (next == NEXT_WAIT && c->client.reply.lines > 0)
			continue;
		if (!act(c, next, in->len > 0))
			return false;
	}
	return true;
}

static void
hear(struct conn *c, struct view got)
{
	struct view in = got;

	if (c->in.len > 0) {
		buf_add(&c->in, got);
		in = buf_view(&c->in);
	}
	if (!hear_lines(c, &in))
		return;
	if (c->in.len > 0)
		buf_drop(&c->in, c->in.len - in.len);
	else
		buf_add(&c->in, in);
	if (c->in.len > LINE_BYTES)
		lost(c, "a reply without end");
	else if (c->client.state == CLIENT_BODY && !c->sending && !c->dot)
		send_body(c);
}

static bool
never_came(int error)
{
	return error == ECONNREFUSED || error == ETIMEDOUT ||
	       error == EHOSTUNREACH || error == ENETUNREACH ||
	       error == EACCES || error == EPERM;
}

bool
conn_is_connected(struct conn *c)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	c->connected = c->connected ||
		       getpeername(c->fd, (struct sockaddr *)&ss, &len) == 0;
	return c->connected;
}

void
conn_watch(struct conn *c)
{
	c->watched = true;
	event_add(&c->writable, NULL);
}

static void
tell_arrival(struct conn *c)
{
	if (!c->watched || !conn_is_connected(c))
		return;
	c->watched = false;
	wait_more(c);
	c->all->arrived(c);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	ssize_t n;

	(void)what;
	tell_arrival(c);
	n = read(fd, c->all->scratch, sizeof(c->all->scratch));
	if (n > 0) {
		if (!c->connected)
			wait_more(c);
		c->connected = true;
		hear(c, view_make(c->all->scratch, (size_t)n));
	} else if (n == 0) {
		lost(c, "connection lost");
	} else if (!c->connected && never_came(errno)) {
		client_unreachable(&c->client, strerror(errno));
		c->all->failed(c);
	} else if (errno != EAGAIN && errno != EINTR) {
		lost(c, strerror(errno));
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	tell_arrival(c);
	if (c->mute)
		return;
	if (c->policy.route.immediate && !c->client.secured) {
		if (conn_is_connected(c))
			begin_tls(c);
		return;
	}
	if (c->client.state == CLIENT_BODY && !on_time(c))
		return;
	if (c->out.len > 0)
		(void)put_kept(c);
	if (c->mute)
		return;
	if (c->out.len > 0) {
		event_add(&c->writable, NULL);
		return;
	}
	if (c->dot && c->client.state == CLIENT_BODY) {
		dot_sent(c);
		wait_more(c);
	} else if (c->sending) {
		send_body(c);
	}
}

/* The kernel speaks of room when there is much: a server that is slow may have
 * made some. */
static bool
creeps(struct conn *c)
{
	if (c->client.state != CLIENT_BODY || c->mute ||
	    (c->out.len > 0 && !put_kept(c)))
		return false;
	on_writable(c->fd, EV_WRITE, c);
	return true;
}

static void
on_timeout(void *arg)
{
	struct conn *c = arg;
	bool was_connected = c->connected;

	if (c->handing) {
		lost(c, "time-out");
	} else if (!conn_is_connected(c)) {
		client_unreachable(&c->client, strerror(ETIMEDOUT));
		c->all->failed(c);
	} else if (!was_connected) {
		timer_set(c->all->timers, &c->timer,
		    client_patience(&c->client) - CONNECT_SECONDS);
	} else if (!creeps(c)) {
		c->late = c->client.t != NULL;
		lost(c, "time-out");
	}
}

void
conn_give(struct conn *c, struct transaction *t, int body)
{
	enum client_next next;

	if (!t->more) /* else it goes on with other recipients */
		pace_begin(&c->pace, GRACE_MS, clock_mono_ms());
	transfer_begin(&c->transfer, body, t->size);
	c->sending = c->dot = false;
	buf_clear(&c->all->out);
	next = client_take(&c->client, t, &c->all->out);
	if (c->connected && !c->handing)
		act(c, next, false);
}
