/* SPDX-License-Identifier: ISC */
/* queue/admit.h - from recipients to groups, before and after the commit.
 *
 * Each recipient is expanded and routed; those with the same next hop share a
 * group.  A group is stored as fresh and tried at once if the window has room
 * and its destination is awake, else as waiting; as held when it has no place
 * to go.
 */
#ifndef QUEUE_ADMIT_H
#define QUEUE_ADMIT_H

#include "queue/store.h"

/*
 * The message of the commit is set; groups are added as needed.  An address
 * that nothing can be done with is kept for people.
 */
void admit_rcpt(struct store_commit *, const struct rcpt_new *);
/* To be held, as it is. */
void admit_hold(
    struct store_commit *, const struct rcpt_new *, const char *why);
/*
 * A stored group that was held without a place to go is routed anew: other
 * groups in its place, or it stays.  Takes the group, which is not in memory.
 * Nothing else may change its message until it is done; not stored: the disk
 * refused, and it is held as before.
 */
typedef void (*admit_again_fn)(void *arg, bool stored);
void admit_again(struct group *, admit_again_fn done, void *arg);
/* Decides what is fresh. */
void admit_begin(struct store_commit *);
/* It is durable: what is fresh may be tried. */
void admit_stored(struct store_commit *);
/* It is not: forget the groups. */
void admit_failed(struct store_commit *);

#endif
