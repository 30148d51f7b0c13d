/* SPDX-License-Identifier: ISC */
/* tests/lib/endpoint.h - an address to call or to listen on.
 *
 * Numeric addresses and UNIX paths only: the tests never ask a resolver.
 * Sockets are non-blocking, close-on-exec and TCP_NODELAY.
 */
#ifndef TESTS_LIB_ENDPOINT_H
#define TESTS_LIB_ENDPOINT_H

#include <sys/socket.h>

struct endpoint {
	struct sockaddr_storage addr;
	socklen_t len;
};

/* These end the program with a message when the words are wrong. */
void endpoint_inet(struct endpoint *, const char *addr, const char *port);
void endpoint_unix(struct endpoint *, const char *path);

/* A socket on its way to the endpoint; -1 and errno when that fails now. */
int endpoint_dial(const struct endpoint *);
/* A listening (or, with SOCK_DGRAM, bound) socket; -1 when it is taken. */
int endpoint_bind(const struct endpoint *, int type);
/* The same; fatal when refused. */
int endpoint_listen(const struct endpoint *, int type);
/* The port that a bound socket has. */
unsigned int endpoint_port(int fd);
/* As many descriptors as the system lets us have. */
void endpoint_raise_limit(void);

#endif
