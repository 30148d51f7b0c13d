/* SPDX-License-Identifier: ISC */
/* deliver/dial.h - a socket that is on its way to a server.
 *
 * Whether it arrives is for who watches it.
 */
#ifndef DELIVER_DIAL_H
#define DELIVER_DIAL_H

#include "common/base/ip.h"
#include "common/mail/route.h"

/* -1 with errno: it failed at once.  from NULL: by any address of ours. */
int dial(const struct ip *, uint16_t port, const struct route_source *from);

#endif
