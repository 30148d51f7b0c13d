/* SPDX-License-Identifier: ISC */
/* master/hop.c - UNIX sockets of routes: connected here, spoken to elsewhere.
 *
 * Must never block, read from what it connects to, or connect to anything but
 * what the configuration in force names.
 */
#include "master/hop.h"

#include "common/base/clock.h"
#include "master/master.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* NULL: no route of that number leads to a socket. */
static const char *
path_of(const struct conf *c, uint16_t number)
{
	const struct route *r;

	if (number == 0 || number > c->nroutes)
		return NULL;
	r = &c->routes[number - 1];
	return hop_is_socket(r->transport, r->host) ? r->host : NULL;
}

/* A child that asks without end costs us no more than this. */
static bool
too_many(struct child *c)
{
	int64_t second = clock_mono_ms() / 1000;

	if (c->hops.second != second)
		c->hops.asked = 0;
	c->hops.second = second;
	return c->hops.asked++ >= HOPS_PER_SECOND ||
	       channel_unsent(c->control) >= HOPS_UNREAD;
}

/* -1: errno says why. */
static int
connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd, error;

	if (strlcpy(to.sun_path, path, sizeof(to.sun_path)) >=
	    sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void
refuse(struct child *c, uint32_t ticket, const char *path, const char *why)
{
	struct msg_hop_none m = { .ticket = ticket };

	snprintf(m.text, sizeof(m.text), "%s: %s", path, why);
	channel_send(c->control, NULL, &msg_hop_none, &m, -1);
}

bool
hop_wanted(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct child *c = channel_owner(ch);
	const struct msg_hop_want *want = msg;
	const struct msg_hop_socket m = { .ticket = want->ticket };
	const char *path = path_of(&c->master->conf, want->route);

	(void)conv;
	(void)fd;
	/* who logs in somewhere has mail for that server alone */
	if (c->program->kind != PEER_DELIVER || c->program->class_ != 0 ||
	    path == NULL)
		return false;
	if (too_many(c)) {
		refuse(c, want->ticket, path, "too many connections a second");
		return true;
	}
	fd = connect_to(path);
	if (fd != -1)
		channel_send(c->control, NULL, &msg_hop_socket, &m, fd);
	else /* the server takes up fewer than there are */
		refuse(c, want->ticket, path,
		    errno == EAGAIN ? "too many wait there already"
				    : strerror(errno));
	return true;
}
