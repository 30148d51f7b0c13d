/* SPDX-License-Identifier: ISC */
/* queue/intake.h - messages from the smtpd workers. */
#ifndef QUEUE_INTAKE_H
#define QUEUE_INTAKE_H

#include "common/run/process.h"

/* For the table of peers in main.c. */
extern const struct peer_def intake_peer;

void intake_start(void);
/* Every smtpd has asked what it had to ask of a new queue. */
bool intake_settled(void);

#endif
