/* SPDX-License-Identifier: ISC */
/* resolve/lookup.h - what may be asked of the tables, and the answers. */
#ifndef RESOLVE_LOOKUP_H
#define RESOLVE_LOOKUP_H

#include "common/run/process.h"

enum { LOOKUP_PEERS = 2 };

extern const struct peer_def lookup_peers[LOOKUP_PEERS];

void lookup_start(void);

#endif
