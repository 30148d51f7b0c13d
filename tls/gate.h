/* SPDX-License-Identifier: ISC */
/* tls/gate.h - one tls process: its start, its clock, its secrets, its end. */
#ifndef TLS_GATE_H
#define TLS_GATE_H

#include "common/run/process.h"

enum { GATE_PEERS = 2 };
extern const struct peer_def gate_peers[GATE_PEERS];

bool gate_secret(const struct msg_secret *, int fd);
void gate_secrets_end(void);
void gate_prepare(void);
void gate_start(void);
void gate_turn(void);
void gate_stop(void);

#endif
