/* SPDX-License-Identifier: ISC */
/* queue/report.h - postern-report: tools ask, queue.db and queue answer.
 *
 * Tools come over the control socket; who they are is told by the kernel.  A
 * tool that breaks the rules loses its connection and nothing else happens.
 */
#ifndef QUEUE_REPORT_H
#define QUEUE_REPORT_H

void report_start(void);

#endif
