/* SPDX-License-Identifier: ISC */
/* queue/report_order.h - orders on their way to queue and back.
 *
 * An order gets exactly one answer: queue's, or "try again" (EX_TEMPFAIL)
 * when queue is not there, goes away, or takes longer than ORDER_SECONDS.
 */
#ifndef QUEUE_REPORT_ORDER_H
#define QUEUE_REPORT_ORDER_H

#include "common/ipc/msg_report.h"
#include "common/run/process.h"

enum { ORDER_SECONDS = 30 };

struct order;

typedef void order_answered(void *arg, const struct msg_order_done *);

extern const struct peer_def report_queue_peer;

/* NULL: it was answered at once. */
struct order *order_start(
    const struct msg_order *, order_answered *, void *arg);
/* The same for a destination. */
struct order *order_start_suspend(
    const struct msg_suspend *, order_answered *, void *arg);
/* The one who asked is gone: no answer, though the order stands. */
void order_forget(struct order *);
/* Logs an order that is not queue's to answer; queue logs the others. */
void order_log_own(const struct msg_order *, uint16_t code);
void order_log_suspend(const struct msg_suspend *, uint16_t code);
/* Answers those that are too old. */
void orders_expire(int64_t now_mono);

#endif
