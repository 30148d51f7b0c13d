/* SPDX-License-Identifier: ISC */
/* deliver/driver.h - brings jobs, addresses and connections together. */
#ifndef DELIVER_DRIVER_H
#define DELIVER_DRIVER_H

#include "common/run/process.h"

enum { DRIVER_PEERS = 3 };

extern const struct peer_def driver_peers[DRIVER_PEERS];

void driver_prepare(void); /* unconfined: reads what addresses we have */
void driver_start(void);
void driver_turn(void);
void driver_stop(void);
/* A UNIX socket that posternd was asked for: see struct process. */
void driver_hop(uint32_t ticket, int fd, const char *why);

#endif
