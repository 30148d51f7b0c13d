/* SPDX-License-Identifier: ISC */
/* queue/embargo.h - groups that a worker of a former queue may be delivering.
 *
 * A worker that held a job past the final dot when its queue died goes on
 * with it.  Nobody else may try those recipients until the worker has
 * reported, has ended, or EMBARGO_SECONDS have passed.
 */
#ifndef QUEUE_EMBARGO_H
#define QUEUE_EMBARGO_H

#include <stdbool.h>
#include <stdint.h>

struct job_key;
struct peer;

enum { EMBARGO_SECONDS = 660 }; /* the final dot's time-out and a minute */

/* False: it is known of this worker. */
bool embargo_add(const struct job_key *, const struct peer *);
bool embargo_has(uint64_t message, uint32_t group);
/* Calls for each such group of a message. */
void embargo_each(
    uint64_t message, void (*)(uint32_t group, void *), void *arg);
void embargo_lift(uint64_t message, uint32_t group);
/* The worker has ended.  True when that lifted anything. */
bool embargo_lift_peer(const struct peer *);
/* Those that are too old, by the monotonic clock.  True as above. */
bool embargo_expire(int64_t now);

#endif
