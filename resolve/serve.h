/* SPDX-License-Identifier: ISC */
/* resolve/serve.h - what our own processes may ask, and the answers.
 *
 * A new kind of question of deliver's is a row in the table of serve.c; what
 * smtpd may ask stands in name.c.
 */
#ifndef RESOLVE_SERVE_H
#define RESOLVE_SERVE_H

#include "common/run/process.h"

enum { SERVE_PEERS = 2 };

extern const struct peer_def serve_peers[SERVE_PEERS];

void serve_start(void);

#endif
