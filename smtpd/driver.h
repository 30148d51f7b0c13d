/* SPDX-License-Identifier: ISC */
/* smtpd/driver.h - the worker's start, its clock and its end. */
#ifndef SMTPD_DRIVER_H
#define SMTPD_DRIVER_H

#include "common/run/process.h"

enum { DRIVER_PEERS = 5 };
extern const struct peer_def driver_peers[DRIVER_PEERS];

void driver_prepare(void);
void driver_start(void);
void driver_turn(void);
void driver_stop(void);

#endif
