/* SPDX-License-Identifier: ISC */
/* queue/dispatch.h - jobs for the deliver workers. */
#ifndef QUEUE_DISPATCH_H
#define QUEUE_DISPATCH_H

#include "common/run/process.h"

/* For the table of peers in main.c. */
extern const struct peer_def dispatch_peer;

/* Gives out jobs while the schedule has groups and workers have room. */
void dispatch_run(void);
/* Nothing is tried before every worker said what it holds (or was lost). */
bool dispatch_settled(void);

#endif
