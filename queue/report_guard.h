/* SPDX-License-Identifier: ISC */
/* queue/report_guard.h - what a question in SQL may do, and how large it is. */
#ifndef QUEUE_REPORT_GUARD_H
#define QUEUE_REPORT_GUARD_H

#include "queue/report_views.h"

/* From now on; the views stay where they are. */
void guard_set(struct views *);

#endif
