/* SPDX-License-Identifier: ISC */
/* queue/reader.h - postern-reader: one question in SQL at a time. */
#ifndef QUEUE_READER_H
#define QUEUE_READER_H

#include "common/run/process.h"

extern const struct peer_def reader_report_peer;

void reader_start(void);

#endif
