/* SPDX-License-Identifier: ISC */
/* queue/allowance.h - whether a sender may give us one more message. */
#ifndef QUEUE_ALLOWANCE_H
#define QUEUE_ALLOWANCE_H

#include "common/ipc/msg_intake.h"
#include "common/run/process.h"

/*
 * NULL: it may, and is counted.  Else why not, for the reply; the caller's to
 * free.  A message that is then not stored stays counted.
 */
char *allowance_over(const struct peer *, const struct msg_commit *);

#endif
