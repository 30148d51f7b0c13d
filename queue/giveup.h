/* SPDX-License-Identifier: ISC */
/* queue/giveup.h - a message that is given up by order: its sender is told.
 *
 * What is held is given up too; what is being tried is not, and the answer
 * says so.
 */
#ifndef QUEUE_GIVEUP_H
#define QUEUE_GIVEUP_H

#include "common/ipc/msg_report.h"

/* Carries out ORDER_BOUNCE; answered() is called once. */
void giveup_begin(const struct msg_order *,
    void (*answered)(void *arg, const struct msg_order_done *), void *arg);

#endif
