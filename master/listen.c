/* SPDX-License-Identifier: ISC */
/* master/listen.c - opens the listening sockets.
 *
 * Never SO_REUSEPORT: the kernel would hand connections to a socket whose
 * owner is dying.  posternd binds and never accepts.
 */
#include "master/listen.h"

#include "common/base/fatal.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

enum { BACKLOG = 4096, RETRY_MS = 100 };

static const struct {
	enum child_sockets sockets;
	int type;
	const char *name;
} locals[] = {
	{ SOCKETS_SUBMIT, SOCK_STREAM, "submit" },
	{ SOCKETS_CONTROL, SOCK_SEQPACKET, "control" },
};

static int
close_keeping_errno(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

static bool
set_option(int fd, int level, int option)
{
	int on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on)) == 0;
}

static int
open_tcp(const struct ip *ip, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	ip_to_sockaddr(ip, port, &ss, &len);
	fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR) ||
	    (ip->family == 6 && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY)) ||
	    bind(fd, (const struct sockaddr *)&ss, len) == -1 ||
	    listen(fd, BACKLOG) == -1)
		return close_keeping_errno(fd);
	return fd;
}

/* Is there a process behind the socket file, or was it left over? */
static bool
answers(const struct sockaddr_un *sun, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool yes;

	if (fd == -1)
		return true;
	yes = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 ||
	      errno != ECONNREFUSED;
	close(fd);
	return yes;
}

static int
bind_local(const struct sockaddr_un *sun, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mode_t mask;
	int bound;

	if (fd == -1)
		return -1;
	mask = umask(0111); /* everybody may connect: the kernel says who */
	bound = bind(fd, (const struct sockaddr *)sun, sizeof(*sun));
	umask(mask);
	if (bound == -1 || listen(fd, BACKLOG) == -1)
		return close_keeping_errno(fd);
	return fd;
}

static int
open_local(const char *path, int type)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct stat st;
	int fd;

	if (!view_copy(view_of(path), sun.sun_path, sizeof(sun.sun_path)))
		panic("socket path too long"); /* keys.c limits it */
	fd = bind_local(&sun, type);
	if (fd != -1 || errno != EADDRINUSE)
		return fd;
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    !answers(&sun, type) && unlink(path) == 0)
		return bind_local(&sun, type);
	errno = EADDRINUSE;
	return -1;
}

bool
listener_is_tcp(const struct listener *l)
{
	return l->sockets == SOCKETS_TCP || l->sockets == SOCKETS_LOGIN;
}

/* A port may have become one for logins, or no longer be one. */
static bool
is_same(const struct listener *a, const struct listener *b)
{
	if (listener_is_tcp(a) != listener_is_tcp(b))
		return false;
	if (!listener_is_tcp(a))
		return a->sockets == b->sockets;
	return a->of.port == b->of.port && ip_eq(&a->of.ip, &b->of.ip);
}

static void
pause_briefly(void)
{
	(void)poll(NULL, 0, RETRY_MS);
}

static bool
add(struct listeners *l, const struct listener *one)
{
	if (l->n == LISTENERS_MAX)
		panic("too many listeners");
	l->of[l->n++] = *one;
	return true;
}

/* The same socket in the old set, if it is there: the new one keeps it. */
static bool
take_over(struct listeners *old, struct listener *one)
{
	for (size_t i = 0; old != NULL && i < old->n; i++) {
		struct listener *o = &old->of[i];

		if (!is_same(o, one))
			continue;
		o->kept = true;
		one->fd = o->fd;
		return true;
	}
	return false;
}

static bool
add_tcp(struct listeners *l, struct listener *one, struct listeners *old,
    unsigned int *patience, struct trouble *t)
{
	char text[IP_TEXT];

	if (take_over(old, one))
		return add(l, one);
	for (;;) {
		one->fd = open_tcp(&one->of.ip, one->of.port);
		if (one->fd != -1)
			return add(l, one);
		/* a machine without IPv6: "any" is then the other family */
		if (one->of.any && one->of.ip.family == 6 &&
		    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
			return true;
		if (errno != EADDRINUSE || *patience == 0)
			break;
		(*patience)--;
		pause_briefly();
	}
	return trouble_set(t, errno == EACCES ? EX_NOPERM : EX_UNAVAILABLE,
	    "cannot listen on %s port %u: %m", ip_print(&one->of.ip, text),
	    one->of.port);
}

static bool
add_statement(struct listeners *l, const struct conf *c, size_t i,
    struct listeners *old, unsigned int *patience, struct trouble *t)
{
	struct listener one = { .sockets = c->listeners[i].auth == AUTH_NEVER
					       ? SOCKETS_TCP
					       : SOCKETS_LOGIN,
		.of = c->listeners[i],
		.number = (uint16_t)i };

	if (!one.of.any)
		return add_tcp(l, &one, old, patience, t);
	return ip_parse(view_of("::"), &one.of.ip) &&
	       add_tcp(l, &one, old, patience, t) &&
	       ip_parse(view_of("0.0.0.0"), &one.of.ip) &&
	       add_tcp(l, &one, old, patience, t);
}

static bool
add_local(struct listeners *l, const struct conf *c, size_t i,
    struct listeners *old, unsigned int *patience, struct trouble *t)
{
	struct listener one = { .sockets = locals[i].sockets };
	char path[CONF_TEXT_MAX + 16];

	if (take_over(old, &one))
		return add(l, &one);
	snprintf(path, sizeof(path), "%s/%s", conf_text(c, KEY_RUNTIME),
	    locals[i].name);
	while ((one.fd = open_local(path, locals[i].type)) == -1 &&
	       errno == EADDRINUSE && *patience > 0) {
		(*patience)--;
		pause_briefly();
	}
	if (one.fd != -1)
		return add(l, &one);
	if (errno == EADDRINUSE)
		return trouble_set(
		    t, EX_UNAVAILABLE, "another process answers at %s", path);
	return trouble_set(t, EX_CANTCREAT, "%s: %m", path);
}

static bool
open_all(struct listeners *l, const struct conf *c, struct listeners *old,
    unsigned int *patience, struct trouble *t)
{
	for (size_t i = 0; i < sizeof(locals) / sizeof(locals[0]); i++)
		if (!add_local(l, c, i, old, patience, t))
			return false;
	for (size_t i = 0; i < c->nlisteners; i++)
		if (!add_statement(l, c, i, old, patience, t))
			return false;
	return true;
}

static bool
is_old(const struct listeners *old, int fd)
{
	for (size_t i = 0; old != NULL && i < old->n; i++)
		if (old->of[i].fd == fd)
			return true;
	return false;
}

bool
listeners_open(struct listeners *l, const struct conf *c, struct listeners *old,
    unsigned int patience, struct trouble *t)
{
	unsigned int tries = patience * (1000 / RETRY_MS);

	l->n = 0;
	if (open_all(l, c, old, &tries, t))
		return true;
	for (size_t i = 0; i < l->n; i++)
		if (!is_old(old, l->of[i].fd))
			close(l->of[i].fd);
	for (size_t i = 0; old != NULL && i < old->n; i++)
		old->of[i].kept = false;
	return false;
}

void
listeners_close(struct listeners *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->of[i].kept)
			close(l->of[i].fd);
	l->n = 0;
}

void
listeners_unlink(const struct conf *c)
{
	char path[CONF_TEXT_MAX + 16];

	for (size_t i = 0; i < sizeof(locals) / sizeof(locals[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", conf_text(c, KEY_RUNTIME),
		    locals[i].name);
		unlink(path);
	}
}
