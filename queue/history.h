/* SPDX-License-Identifier: ISC */
/* queue/history.h - postern-history: keeps what queue tells of messages. */
#ifndef QUEUE_HISTORY_H
#define QUEUE_HISTORY_H

#include "common/run/process.h"

extern const struct peer_def history_queue_peer;

void history_start(void);
void history_stop(void);

#endif
