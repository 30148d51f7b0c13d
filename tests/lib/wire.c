/* SPDX-License-Identifier: ISC */
/* tests/lib/wire.c - a connection in an event loop, as both ends need it. */
#include "tests/lib/wire.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { WIRE_OUT_MAX = 1 << 29, WIRE_OUT_KEEP = 64 * 1024 };

void
wire_loop_open(struct wire_loop *l)
{
	struct event_config *conf = event_config_new();

	if (conf == NULL)
		fatal("event_config_new");
	event_config_set_flag(conf, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(conf, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	l->base = event_base_new_with_config(conf);
	if (l->base == NULL)
		fatal("event_base_new");
	event_config_free(conf);
	l->room = mem_alloc(WIRE_ROOM);
}

void
wire_loop_close(struct wire_loop *l)
{
	event_base_free(l->base);
	mem_free(l->room);
}

void
wire_init(struct wire *w, struct wire_loop *loop,
    const struct wire_owner *owner, void *arg)
{
	memset(w, 0, sizeof(*w));
	w->loop = loop;
	w->owner = owner;
	w->arg = arg;
	w->fd = -1;
	buf_init(&w->left, WIRE_ROOM);
	buf_init(&w->out, WIRE_OUT_MAX);
}

bool
wire_drained(const struct wire *w)
{
	return w->sent == w->out.len;
}

static void
wire_shut(struct wire *w)
{
	if (w->fd == -1)
		return;
	event_del(&w->read);
	event_del(&w->write);
	close(w->fd);
	w->fd = -1;
	w->cut = !wire_drained(w);
	buf_clear(&w->left);
	buf_clear(&w->out);
	w->sent = 0;
}

static bool
wire_gone(struct wire *w)
{
	wire_shut(w);
	w->owner->gone(w->arg);
	return false;
}

/* A session that once had a large message does not keep its memory. */
static void
wire_all_sent(struct wire *w)
{
	w->sent = 0;
	if (w->out.size > WIRE_OUT_KEEP)
		buf_free(&w->out);
	else
		buf_clear(&w->out);
}

bool
wire_flush(struct wire *w)
{
	ssize_t n;

	if (!buf_ok(&w->out))
		fatal("wire: more than %d bytes to send", WIRE_OUT_MAX);
	while (!wire_drained(w)) {
		n = send(w->fd, w->out.data + w->sent, w->out.len - w->sent,
		    MSG_NOSIGNAL);
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			return wire_gone(w);
		if (n == -1 && errno == EAGAIN) {
			event_add(&w->write, NULL);
			return true;
		}
		w->sent += n > 0 ? (size_t)n : 0;
	}
	wire_all_sent(w);
	return w->ending ? wire_gone(w) : true;
}

static void
wire_input(struct wire *w, struct view all)
{
	size_t used = w->owner->input(w->arg, all);

	if (all.len - used > WIRE_KEEP && !w->paused) {
		wire_gone(w);
		return;
	}
	buf_clear(&w->left);
	buf_add(&w->left, view_skip(all, used));
	wire_flush(w);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct wire *w = arg;
	char *room = w->loop->room;
	size_t had = w->left.len;
	ssize_t n;

	(void)what;
	if (had > 0)
		memcpy(room, w->left.data, had);
	n = recv(fd, room + had, WIRE_ROOM - had, 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		wire_gone(w);
	else
		wire_input(w, view_make(room, had + (size_t)n));
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	wire_flush(arg);
}

void
wire_open(struct wire *w, int fd)
{
	w->fd = fd;
	w->ending = w->paused = w->cut = false;
	event_assign(
	    &w->read, w->loop->base, fd, EV_READ | EV_PERSIST, on_read, w);
	event_assign(&w->write, w->loop->base, fd, EV_WRITE, on_write, w);
	event_add(&w->read, NULL);
}

void
wire_put(struct wire *w, struct view v)
{
	buf_add(&w->out, v);
}

void
wire_puts(struct wire *w, const char *s)
{
	buf_add_string(&w->out, s);
}

void
wire_end(struct wire *w)
{
	w->ending = true;
}

void
wire_pause(struct wire *w)
{
	w->paused = true;
	event_del(&w->read);
}

void
wire_resume(struct wire *w)
{
	size_t n = w->left.len;

	if (!w->paused)
		return;
	w->paused = false;
	event_add(&w->read, NULL);
	if (n > 0)
		memcpy(w->loop->room, w->left.data, n);
	wire_input(w, view_make(w->loop->room, n));
}

void
wire_cut(struct wire *w)
{
	wire_gone(w);
}

void
wire_free(struct wire *w)
{
	wire_shut(w);
	buf_free(&w->left);
	buf_free(&w->out);
}
