/* SPDX-License-Identifier: ISC */
/* queue/report_filter.h - which messages a listing is wanted of. Pure.
 *
 * A message matches if it does so itself and one of its recipients matches in
 * all that is asked of recipients.  What is empty or 0 asks nothing.
 */
#ifndef QUEUE_REPORT_FILTER_H
#define QUEUE_REPORT_FILTER_H

#include "common/ipc/msg_report.h"

/* Its numbers make sense. */
bool filter_sound(const struct msg_ask_queue *);
bool filter_asks(const struct msg_ask_queue *); /* anything at all */
bool filter_asks_rcpt(const struct msg_ask_queue *);
bool filter_message(
    const struct msg_ask_queue *, const char *sender, int64_t received);
bool filter_rcpt(const struct msg_ask_queue *, const struct msg_row_rcpt *);

#endif
