/* SPDX-License-Identifier: ISC */
/* queue/check.h - report asks what is wrong with the spool. */
#ifndef QUEUE_CHECK_H
#define QUEUE_CHECK_H

#include "common/run/process.h"

/* Handles MSG_CHECK; the answer comes when the store has looked. */
bool check_asked(struct channel *, struct conv *, const void *msg, int fd);
/* Nobody waits for the answer any more. */
void check_lost(struct conv *);

#endif
