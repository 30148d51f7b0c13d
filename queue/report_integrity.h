/* SPDX-License-Identifier: ISC */
/* queue/report_integrity.h - is queue.db what SQLite wrote? */
#ifndef QUEUE_REPORT_INTEGRITY_H
#define QUEUE_REPORT_INTEGRITY_H

#include "common/ipc/msg_check.h"

/* Looks at the n-th table and its indexes, for some seconds at most; kind is
 * 0 when all is well.  False: there is no table after it. */
bool integrity_table(size_t n, struct msg_finding *);

#endif
