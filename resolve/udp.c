/* SPDX-License-Identifier: ISC */
/* resolve/udp.c - datagrams to one resolver and back.
 *
 * Nothing here is ever waited for, and nothing that comes in is fatal.
 */
#include "resolve/udp.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "resolve/random.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(65536 % UDP_SOCKETS == 0, "each is as likely");

enum {
	CHAINS = 64,
	READS_PER_TURN = 64, /* of one socket, so that all have their turn */
	DATAGRAM_MAX = 4096, /* a longer one than we asked for is cut */
	ID_TRIES = 64
};

LIST_HEAD(chain, udp_try);

struct udp_socket {
	struct udp_pool *pool;
	int fd; /* -1: none */
	struct event *readable;
	int64_t born; /* milliseconds */
	unsigned int asked, open;
	struct chain chains[CHAINS];
};

struct udp_pool {
	struct event_base *base;
	const struct udp_def *def;
	struct sockaddr_storage addr;
	socklen_t addr_len;
	uint64_t strays;
	struct udp_socket sockets[UDP_SOCKETS];
};

struct udp_pool *
udp_pool_new(struct event_base *base, const struct conf_resolver *r,
    const struct udp_def *def)
{
	struct udp_pool *p = mem_zero(1, sizeof(*p));

	p->base = base;
	p->def = def;
	ip_to_sockaddr(&r->ip, r->port, &p->addr, &p->addr_len);
	for (size_t i = 0; i < UDP_SOCKETS; i++) {
		p->sockets[i].pool = p;
		p->sockets[i].fd = -1;
	}
	return p;
}

uint64_t
udp_strays(const struct udp_pool *p)
{
	return p->strays;
}

static struct udp_try *
find(struct udp_socket *s, uint16_t id)
{
	struct udp_try *t;

	LIST_FOREACH (t, &s->chains[id % CHAINS], chained) {
		if (t->id == id)
			return t;
	}
	return NULL;
}

static void
take(struct udp_socket *s, struct view packet)
{
	struct udp_try *t = NULL;

	if (packet.len >= 2)
		t = find(s, (uint16_t)((uint8_t)packet.data[0] << 8 |
				       (uint8_t)packet.data[1]));
	if (t == NULL)
		s->pool->strays++;
	else
		s->pool->def->heard(t, packet);
}

/*
 * An ICMP error for one of the questions, we cannot know for which.  The
 * owner may forget this try in the call, never another one.
 */
static void
refuse_all(struct udp_socket *s, int error)
{
	struct udp_try *t, *next;

	for (size_t i = 0; i < CHAINS; i++)
		LIST_FOREACH_SAFE(t, &s->chains[i], chained, next)
		{
			s->pool->def->refused(t, error);
		}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct udp_socket *s = arg;
	static char room[DATAGRAM_MAX];
	ssize_t n;

	(void)what;
	for (int i = 0; i < READS_PER_TURN; i++) {
		n = recv(fd, room, sizeof(room), 0);
		if (n >= 0)
			take(s, view_make(room, (size_t)n));
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		else if (errno != EINTR)
			refuse_all(s, errno);
		/* a question that followed may have renewed the socket */
		if (s->fd != fd)
			return;
	}
}

static void
socket_close(struct udp_socket *s)
{
	if (s->fd == -1)
		return;
	event_free(s->readable);
	close(s->fd);
	s->fd = -1;
}

static bool
socket_open(struct udp_socket *s)
{
	struct udp_pool *p = s->pool;
	int fd = socket(
	    p->addr.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return false;
	/* the kernel chooses a random port */
	if (connect(fd, (struct sockaddr *)&p->addr, p->addr_len) == -1) {
		close(fd);
		return false;
	}
	s->fd = fd;
	s->born = clock_mono_ms();
	s->asked = 0;
	s->readable =
	    event_new(p->base, fd, EV_READ | EV_PERSIST, on_readable, s);
	if (s->readable == NULL || event_add(s->readable, NULL) == -1)
		fatal("no event for a socket");
	return true;
}

static bool
is_worn(const struct udp_socket *s)
{
	return s->asked >= UDP_QUESTIONS ||
	       clock_mono_ms() - s->born >= UDP_SECONDS * 1000;
}

/* Ready for one more question? Renews it when it can be renewed. */
static bool
socket_ready(struct udp_socket *s)
{
	if (s->fd != -1 && is_worn(s)) {
		if (s->open > 0)
			return false;
		socket_close(s);
	}
	return s->fd != -1 || socket_open(s);
}

/*
 * One at random.  When every one is worn but still has open questions, a
 * worn one serves on: a slow resolver must not stop the questions.
 */
static struct udp_socket *
choose(struct udp_pool *p)
{
	uint32_t first = random_u16() % UDP_SOCKETS;
	struct udp_socket *s;

	for (uint32_t i = 0; i < UDP_SOCKETS; i++) {
		s = &p->sockets[(first + i) % UDP_SOCKETS];
		if (socket_ready(s))
			return s;
	}
	for (uint32_t i = 0; i < UDP_SOCKETS; i++) {
		s = &p->sockets[(first + i) % UDP_SOCKETS];
		if (s->fd != -1)
			return s;
	}
	return NULL;
}

static bool
choose_id(struct udp_socket *s, uint16_t *id)
{
	for (int i = 0; i < ID_TRIES; i++) {
		*id = random_u16();
		if (find(s, *id) == NULL)
			return true;
	}
	errno = EAGAIN;
	return false;
}

/* An error that was waiting on the socket is told by send; then it is gone. */
static void
put(const struct udp_socket *s, const struct question *q)
{
	if (send(s->fd, q->bytes, q->len, 0) == -1 && errno == ECONNREFUSED)
		(void)send(s->fd, q->bytes, q->len, 0);
}

bool
udp_ask(struct udp_pool *p, struct udp_try *t, struct question *q)
{
	struct udp_socket *s = choose(p);

	if (s == NULL || !choose_id(s, &t->id))
		return false;
	t->socket = s;
	LIST_INSERT_HEAD(&s->chains[t->id % CHAINS], t, chained);
	s->open++;
	s->asked++;
	question_set_id(q, t->id);
	put(s, q);
	return true;
}

void
udp_forget(struct udp_try *t)
{
	if (t->socket == NULL)
		return;
	LIST_REMOVE(t, chained);
	t->socket->open--;
	t->socket = NULL;
}
