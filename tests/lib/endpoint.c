/* SPDX-License-Identifier: ISC */
/* tests/lib/endpoint.c - an address to call or to listen on. */
#include "tests/lib/endpoint.h"

#include "common/base/fatal.h"
#include "common/base/view.h"

#include <sys/resource.h>
#include <sys/un.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { ENDPOINT_BACKLOG = 4096 };

void
endpoint_inet(struct endpoint *e, const char *addr, const char *port)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found;
	int error;

	error = getaddrinfo(addr, port, &hints, &found);
	if (error != 0)
		fatal_code(EX_USAGE, "%s port %s: %s", addr, port,
		    gai_strerror(error));
	memcpy(&e->addr, found->ai_addr, found->ai_addrlen);
	e->len = found->ai_addrlen;
	freeaddrinfo(found);
}

void
endpoint_unix(struct endpoint *e, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (!view_copy(view_of(path), un.sun_path, sizeof(un.sun_path)))
		fatal_code(EX_USAGE, "%s: path too long", path);
	memcpy(&e->addr, &un, sizeof(un));
	e->len = sizeof(un);
}

static int
endpoint_socket(const struct endpoint *e, int type)
{
	int on = 1, fd;

	fd = socket(e->addr.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd != -1 && type == SOCK_STREAM && e->addr.ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

int
endpoint_dial(const struct endpoint *e)
{
	int fd, saved;

	fd = endpoint_socket(e, SOCK_STREAM);
	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&e->addr, e->len) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
endpoint_bind(const struct endpoint *e, int type)
{
	int on = 1, fd, saved;

	fd = endpoint_socket(e, type);
	if (fd == -1)
		fatal("socket: %m");
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&e->addr, e->len) == 0 &&
	    (type != SOCK_STREAM || listen(fd, ENDPOINT_BACKLOG) == 0))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
endpoint_listen(const struct endpoint *e, int type)
{
	int fd = endpoint_bind(e, type);

	if (fd == -1)
		fatal("cannot listen: %m");
	return fd;
}

unsigned int
endpoint_port(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		fatal("getsockname: %m");
	if (ss.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&ss)->sin6_port);
	return ntohs(((struct sockaddr_in *)&ss)->sin_port);
}

void
endpoint_raise_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return;
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
}
