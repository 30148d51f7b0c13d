/* SPDX-License-Identifier: ISC */
/* queue/orders.h - an operator's or user's wishes, by way of postern-report. */
#ifndef QUEUE_ORDERS_H
#define QUEUE_ORDERS_H

#include "common/ipc/msg_report.h"
#include "common/run/process.h"

extern const struct peer_def orders_peer;

/* An order under way; it is answered once, if somebody still waits. */
struct order;
struct order *order_new(struct peer *, struct conv *, uint32_t uid);
uint32_t order_uid(const struct order *);
void order_answer(struct order *, const struct msg_order_done *); /* frees */
/* It is known by now what workers still hold for a former queue: orders about
 * messages, which waited for that, are carried out. */
void orders_open(void);
/* The rows of this message are about to be changed by one. */
bool orders_pending(uint64_t message);

#endif
