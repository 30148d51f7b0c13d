/* SPDX-License-Identifier: ISC */
/* master/hop.h - UNIX sockets of routes: connected here, spoken to elsewhere.
 *
 * deliver lives in an empty root folder and names no path: it asks by the
 * number of a route, and gets the connected socket, or why there is none.
 */
#ifndef MASTER_HOP_H
#define MASTER_HOP_H

#include "common/ipc/channel.h"

enum {
	HOPS_PER_SECOND = 1000, /* of one child; more of them are refused */
	HOPS_UNREAD = 8192      /* bytes of answers that it may leave unread */
};

/* Handler of MSG_HOP_WANT; the channel's owner is the child. */
bool hop_wanted(struct channel *, struct conv *, const void *msg, int fd);

#endif
