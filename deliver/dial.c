/* SPDX-License-Identifier: ISC */
/* deliver/dial.c - a socket that is on its way to a server. */
#include "deliver/dial.h"

#include "common/base/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

/* False with errno.  A family without an address of the source is not for it.
 */
static bool
choose_source(int fd, const struct route_source *from, uint8_t family)
{
	const struct ip *ip;
	struct sockaddr_storage ss;
	socklen_t len;
	int on = 1;

	if (from == NULL || (from->ip4.family == 0 && from->ip6.family == 0))
		return true;
	ip = family == 4 ? &from->ip4 : &from->ip6;
	if (ip->family == 0) {
		errno = EADDRNOTAVAIL;
		return false;
	}
	ip_to_sockaddr(ip, 0, &ss, &len);
	/* the port at connect(): else all would be taken at some 28,000 */
	(void)setsockopt(
	    fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(fd, (struct sockaddr *)&ss, len) == 0;
}

static void
log_dial(const struct ip *ip, uint16_t port)
{
	char text[IP_TEXT];

	if (!log_debugs())
		return;
	ip_print(ip, text);
	log_begin("dial");
	log_word("addr", text);
	log_u64("port", port);
	log_end();
}

int
dial(const struct ip *ip, uint16_t port, const struct route_source *from)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int on = 1, fd, error;

	log_dial(ip, port);
	ip_to_sockaddr(ip, port, &ss, &len);
	fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (choose_source(fd, from, ip->family) &&
	    (connect(fd, (struct sockaddr *)&ss, len) == 0 ||
		errno == EINPROGRESS))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}
