/* SPDX-License-Identifier: ISC */
/* queue/rcpt_log.h - the log line of what became of a recipient. */
#ifndef QUEUE_RCPT_LOG_H
#define QUEUE_RCPT_LOG_H

#include "common/ipc/msg_job.h"
#include "common/mail/status.h"
#include "queue/message.h"

/* done: who said so; NULL: nobody was asked. */
void rcpt_log(const char *event, const struct group *, const struct rcpt *,
    const struct status *, const struct msg_job_done *done);

#endif
