/* SPDX-License-Identifier: ISC */
/* master/listen.h - the listening sockets, which only children accept on. */
#ifndef MASTER_LISTEN_H
#define MASTER_LISTEN_H

#include "master/children.h"
#include "master/trouble.h"

enum { LISTENERS_MAX = 2 * CONF_LISTENERS_MAX + 2 };

struct listener {
	enum child_sockets sockets; /* which program gets it */
	struct conf_listener of;    /* SOCKETS_TCP: what it was opened for */
	uint16_t number;            /* of the statement in the configuration */
	int fd;
	bool kept; /* by a reload: belongs to the new set now */
};

struct listeners {
	struct listener of[LISTENERS_MAX];
	size_t n;
};

/* Of the network, not a path. */
bool listener_is_tcp(const struct listener *);
/*
 * Opens everything that the configuration asks for.  Sockets that old (may be
 * NULL) has already are taken from there.  An address that is still in use is
 * tried again for `patience` seconds.  False: nothing new is left open, old is
 * as it was.
 */
bool listeners_open(struct listeners *, const struct conf *,
    struct listeners *old, unsigned int patience, struct trouble *);
/* Closes what was not taken over. */
void listeners_close(struct listeners *);
/* At the end: takes the paths of the UNIX sockets away. */
void listeners_unlink(const struct conf *);

#endif
