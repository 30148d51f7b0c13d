/* SPDX-License-Identifier: ISC */
/* queue/explain_tell.h - what queue itself can say of mail for an address. */
#ifndef QUEUE_EXPLAIN_TELL_H
#define QUEUE_EXPLAIN_TELL_H

#include "common/conf/conf.h"
#include "common/ipc/msg_explain.h"
#include "queue/schedule.h"
#include "queue/store.h"

/* The route; operators see the user of a login. */
void explain_tell_route(struct msg_explain_route *, const struct conf *,
    const struct mailbox *, const struct route_result *, bool operator_);
/* How things stand with the destination; d is NULL when it is not in memory.
 * Without it and without a row nothing was ever sent there. */
void explain_tell_state(struct msg_explain_state *, const struct destination *,
    const struct store_destination *, int64_t now, bool operator_);
/* The n-th (from 0) limit on what goes there; false: there is none. */
bool explain_tell_rate(struct msg_explain_rate *, const struct conf *,
    const struct route_result *, const char *server, size_t n);

#endif
