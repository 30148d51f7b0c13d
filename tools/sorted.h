/* SPDX-License-Identifier: ISC */
/* tools/sorted.h - messages of a listing in another order than they come in.
 *
 * Rows come by id, and no answer of postern-report may be held open while a
 * whole queue is put in order; so it is done here, in the memory of whoever
 * asks: some 300 bytes a message, or with a limit that of so many.  Pure.
 */
#ifndef TOOLS_SORTED_H
#define TOOLS_SORTED_H

#include "common/base/buf.h"
#include "common/ipc/msg_report.h"

enum sort_key {
	SORT_NONE, /* as they come: by age, the oldest first */
	SORT_AGE,
	SORT_SIZE,
	SORT_NEXT, /* being tried or due first, held ones last */
	SORT_ATTEMPTS,
	SORT_SENDER,
	SORT_RECIPIENT,   /* the first one's address */
	SORT_DESTINATION, /* the first one's */
	SORT_KEYS
};

struct sorted_item;

struct sorted {
	enum sort_key key;
	bool reverse;
	size_t limit; /* the first so many are kept; 0: all */
	/* private: the message under way */
	int64_t number;
	char text[MSG_ADDRESS_MAX + MSG_DOMAIN_MAX];
	bool rcpts;
	/* private: those that are complete */
	struct sorted_item *items;
	size_t n, size;
	uint64_t seen;
};

/* SORT_NONE: there is no such key. */
enum sort_key sorted_key(const char *word);

/* What the next message is compared by; then its text as it is to be shown. */
void sorted_row(struct sorted *, const struct msg_row *);
void sorted_rcpt(struct sorted *, const struct msg_row_rcpt *);
void sorted_add(struct sorted *, struct view text);
/* In order, each once; then they are forgotten.  write false: enough. */
void sorted_write(
    struct sorted *, bool (*write)(void *, struct view), void *arg);

#endif
