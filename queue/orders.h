/* SPDX-License-Identifier: ISC */
/* queue/orders.h - an operator's or user's wishes, by way of postern-report. */
#ifndef QUEUE_ORDERS_H
#define QUEUE_ORDERS_H

#include "common/run/process.h"

extern const struct peer_def orders_peer;

#endif
