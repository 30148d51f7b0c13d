/* SPDX-License-Identifier: ISC */
/* queue/line.h - who is next within one destination (pure).
 *
 * The groups that may be tried now stand in a line for each sender, and the
 * senders take turns: a single message waits for one group of each other
 * sender, not for all that a flood has brought.  Within a sender: first in,
 * first out; a group with many recipients goes to the back after each
 * transaction.  "Sender" is the address without what lists and people add to
 * it for each message (user+x, user-x, user=x), so that a list is one sender.
 *
 * A group is light when its sender has hardly any in memory, over all
 * destinations: what a person writes, not what a list or a flood brings.
 */
#ifndef QUEUE_LINE_H
#define QUEUE_LINE_H

#include "queue/message.h"

enum { LINE_BUCKETS = 4096, LINE_LIGHT = 16 /* groups of a sender */ };

TAILQ_HEAD(turns, line);

struct origin {
	uint64_t key;        /* of the sender */
	size_t nheld;        /* its groups in memory, whereto ever */
	struct origin *same; /* in its bucket */
};

struct line {
	struct origin *origin;
	const struct destination *destination;
	size_t nheld; /* its groups in memory, in line or not */
	TAILQ_HEAD(group_line, group) groups;
	TAILQ_ENTRY(line) turn; /* while there are groups in line */
	struct line *same;      /* in its bucket */
};

struct lines {
	struct line *bucket[LINE_BUCKETS];
	struct origin *origins[LINE_BUCKETS];
};

uint64_t line_key(const char *sender);
/* Sets and clears g->line, by its message's sender and its destination. */
void line_hold(struct lines *, struct group *);
void line_release(struct lines *, struct group *);

/* Of one destination: a held group to the back of its sender's line; sets
 * g->light. */
void line_add(struct turns *, struct group *);
void line_remove(struct turns *, struct group *);
/* Whose turn it is; it is the next sender's turn after that. Stays in line. */
struct group *line_next(struct turns *);

#endif
