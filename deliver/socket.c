/* SPDX-License-Identifier: ISC */
/* deliver/socket.c - connections to the UNIX sockets of routes. */
#include "deliver/socket.h"

#include "common/run/process.h"

#include <unistd.h>

void
socket_ask(struct conn *c, uint16_t route)
{
	struct conns *all = c->all;
	struct msg_hop_want m = { .route = route };

	if (++all->tickets == 0)
		all->tickets = 1; /* 0: does not wait */
	c->ticket = m.ticket = all->tickets;
	TAILQ_INSERT_TAIL(&all->asked, c, entry_asked);
	process_tell(&msg_hop_want, &m);
}

void
socket_forget(struct conn *c)
{
	if (c->ticket != 0)
		TAILQ_REMOVE(&c->all->asked, c, entry_asked);
	c->ticket = 0;
}

void
socket_came(struct conns *all, uint32_t ticket, int fd, const char *why)
{
	struct conn *c;

	TAILQ_FOREACH (c, &all->asked, entry_asked)
		if (c->ticket == ticket)
			break;
	if (c == NULL) { /* it was given up meanwhile */
		if (fd != -1)
			close(fd);
		return;
	}
	socket_forget(c);
	if (fd != -1)
		conn_socket(c, fd);
	else
		conn_no_socket(c, why);
}
