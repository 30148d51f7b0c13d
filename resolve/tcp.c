/* SPDX-License-Identifier: ISC */
/* resolve/tcp.c - one question over one TCP connection (RFC 7766).
 *
 * Nothing here is ever waited for, and nothing that comes in is fatal.
 */
#include "resolve/tcp.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LENGTH = 2, /* bytes before each message, RFC 1035 4.2.2 */
	MESSAGE_MAX = 65535,
	READ_SIZE = 4096
};

TAILQ_HEAD(queue, tcp_try);

struct tcp_pool {
	struct event_base *base;
	const struct tcp_def *def;
	size_t open;
	struct queue waiting;
};

struct tcp_pool *
tcp_pool_new(struct event_base *base, const struct tcp_def *def)
{
	struct tcp_pool *p = mem_zero(1, sizeof(*p));

	p->base = base;
	p->def = def;
	TAILQ_INIT(&p->waiting);
	return p;
}

static bool
is_passing(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* The message, when all of it is there. */
static bool
whole(const struct tcp_try *t, struct view *packet)
{
	struct view in = buf_view(&t->in);
	size_t len;

	if (in.len < LENGTH)
		return false;
	len = (size_t)(uint8_t)in.data[0] << 8 | (uint8_t)in.data[1];
	if (in.len < LENGTH + len)
		return false;
	*packet = view_make(in.data + LENGTH, len);
	return true;
}

static void
read_some(struct tcp_try *t)
{
	size_t room = LENGTH + MESSAGE_MAX - t->in.len;
	struct view packet;
	char *to;
	ssize_t n;

	/* more than a message cannot be there before it was found whole */
	room = room < READ_SIZE ? room : READ_SIZE;
	to = buf_room(&t->in, room);
	n = recv(t->fd, to, room, 0);
	if (n == -1) {
		if (!is_passing(errno))
			t->pool->def->lost(t, errno);
		return;
	}
	buf_commit(&t->in, (size_t)n);
	if (whole(t, &packet))
		t->pool->def->heard(t, packet);
	else if (n == 0)
		t->pool->def->lost(t, 0);
}

static void
watch(struct tcp_try *t, short what, event_callback_fn call)
{
	if (t->event != NULL)
		event_free(t->event);
	t->event = event_new(t->pool->base, t->fd, what, call, t);
	if (t->event == NULL || event_add(t->event, NULL) == -1)
		fatal("no event for a connection");
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	read_some(arg);
}

/* Connected, or not: send tells. */
static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_try *t = arg;
	ssize_t n = send(fd, t->out.data, t->out.len, MSG_NOSIGNAL);

	(void)what;
	if (n == -1) {
		if (!is_passing(errno))
			t->pool->def->lost(t, errno);
		return;
	}
	buf_drop(&t->out, (size_t)n);
	if (t->out.len > 0)
		return;
	t->state = TCP_READS;
	watch(t, EV_READ | EV_PERSIST, on_readable);
}

static void
on_hopeless(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_try *t = arg;

	(void)fd;
	(void)what;
	t->pool->def->lost(t, ECONNREFUSED);
}

static bool
dial(struct tcp_try *t)
{
	struct sockaddr_storage addr;
	socklen_t len;

	ip_to_sockaddr(&t->resolver->ip, t->resolver->port, &addr, &len);
	t->fd = socket(
	    addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd == -1)
		return false;
	return connect(t->fd, (struct sockaddr *)&addr, len) == 0 ||
	       errno == EINPROGRESS;
}

static void
begin(struct tcp_try *t)
{
	t->state = TCP_SENDS;
	t->pool->open++;
	if (dial(t)) {
		watch(t, EV_WRITE | EV_PERSIST, on_writable);
		return;
	}
	/* told from the loop, as every other end */
	watch(t, EV_TIMEOUT, on_hopeless);
	event_active(t->event, EV_TIMEOUT, 0);
}

void
tcp_ask(struct tcp_pool *p, struct tcp_try *t, const struct conf_resolver *r,
    const struct question *q)
{
	char length[LENGTH] = { (char)(q->len >> 8), (char)q->len };

	t->pool = p;
	t->fd = -1;
	t->resolver = r;
	buf_init(&t->out, LENGTH + QUESTION_BYTES);
	buf_init(&t->in, LENGTH + MESSAGE_MAX);
	buf_add(&t->out, view_make(length, sizeof(length)));
	buf_add(&t->out, view_make((const char *)q->bytes, q->len));
	t->state = TCP_WAITS;
	if (p->open >= TCP_CONNECTIONS)
		TAILQ_INSERT_TAIL(&p->waiting, t, next);
	else
		begin(t);
}

static void
next_begin(struct tcp_pool *p)
{
	struct tcp_try *t = TAILQ_FIRST(&p->waiting);

	if (t == NULL || p->open >= TCP_CONNECTIONS)
		return;
	TAILQ_REMOVE(&p->waiting, t, next);
	begin(t);
}

static void
hang_up(struct tcp_try *t)
{
	if (t->event != NULL)
		event_free(t->event);
	t->event = NULL;
	if (t->fd != -1)
		close(t->fd);
	t->fd = -1;
	t->pool->open--;
}

void
tcp_forget(struct tcp_try *t)
{
	enum tcp_state was = t->state;

	if (was == TCP_IDLE)
		return;
	t->state = TCP_IDLE;
	if (was == TCP_WAITS)
		TAILQ_REMOVE(&t->pool->waiting, t, next);
	else
		hang_up(t);
	buf_free(&t->out);
	buf_free(&t->in);
	next_begin(t->pool);
}
