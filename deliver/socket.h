/* SPDX-License-Identifier: ISC */
/* deliver/socket.h - connections to the UNIX sockets of routes.
 *
 * posternd makes them, by the number of the route; what is asked for comes, or
 * why not, in a later turn.
 */
#ifndef DELIVER_SOCKET_H
#define DELIVER_SOCKET_H

#include "deliver/conn.h"

/* conn_socket() or conn_no_socket() will be called for it. */
void socket_ask(struct conn *, uint16_t route);
/* It waits no longer; also when it does not wait. */
void socket_forget(struct conn *);
/* The answer; the descriptor is taken, -1: why there is none. */
void socket_came(struct conns *, uint32_t ticket, int fd, const char *why);

#endif
