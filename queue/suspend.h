/* SPDX-License-Identifier: ISC */
/* queue/suspend.h - destinations that an operator suspends and resumes.
 *
 * To a suspended destination nothing is tried; what is under way finishes,
 * and mail for it is accepted and waits.  The row of the destination says
 * until when, so that it survives a restart.
 */
#ifndef QUEUE_SUSPEND_H
#define QUEUE_SUSPEND_H

#include "queue/schedule.h"

struct channel;
struct conv;
struct store_suspend;

/* Handler of MSG_SUSPEND, for the table of orders. */
bool suspend_ask(struct channel *, struct conv *, const void *msg, int fd);
/* Its time is over: said in the log and its row. */
void suspend_expired(const struct destination *);

#endif
