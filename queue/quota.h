/* SPDX-License-Identifier: ISC */
/* queue/quota.h - how much one sender may give us. (pure)
 *
 * Counts the messages and recipients of each login and each local user over a
 * sliding period: all of this one, and of the one before the part that still
 * lies within a period's length.  So a limit holds for any hour, not for those
 * by the clock alone.  Counts are in memory: a restart forgives them.
 */
#ifndef QUEUE_QUOTA_H
#define QUEUE_QUOTA_H

#include "common/conf/number.h"

enum quota_kind { QUOTA_MESSAGES, QUOTA_RECIPIENTS, QUOTA_KINDS };

/* Senders that are remembered; the one that was silent longest goes first. */
enum { QUOTA_SENDERS = 20000 };

struct quota_limits {
	struct number_rate rate[QUOTA_KINDS]; /* count 0: any */
};

struct quotas;

struct quotas *quotas_new(void);
void quotas_free(struct quotas *);
/*
 * A message to so many recipients from that sender, at a time of the wall or
 * any other clock in ms.  QUOTA_KINDS: counted.  Else the limit that it would
 * pass, and nothing is counted.
 */
enum quota_kind quota_take(struct quotas *, const char *who,
    const struct quota_limits *, uint32_t rcpts, int64_t now);

#endif
