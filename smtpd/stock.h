/* SPDX-License-Identifier: ISC */
/* smtpd/stock.h - body files that queue has made ready for us.
 *
 * Holds descriptors in the order in which they came, and knows how many to
 * wish for.  (Closes descriptors; else pure.)
 */
#ifndef SMTPD_STOCK_H
#define SMTPD_STOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STOCK_MIN = 16,
	STOCK_STEP = 16,
	STOCK_MAX = 256 /* what MSG_STOCK_WANT may ask for */
};

struct body_file {
	int fd; /* append-only; -1: none */
	uint64_t instance, id;
	bool dirty; /* something was written */
};

struct stock {
	struct body_file files[STOCK_MAX]; /* a ring */
	size_t first, n;
	uint32_t max;    /* never wish for more: STOCK_MAX or less */
	uint32_t wished; /* what queue was last told; 0: nothing yet */
};

/* The descriptor is taken.  False, and it stays the caller's: no room. */
bool stock_put(struct stock *, const struct body_file *);
/* A file that was not written to goes back to the front. */
bool stock_give_back(struct stock *, const struct body_file *);
/* False, and fd -1, when there is none. */
bool stock_pick(struct stock *, struct body_file *);
void stock_drop(struct stock *); /* closes all, forgets the wish */
/*
 * How many files, taken ones included, should be out when so many are in use.
 * calm: some time has passed, the wish may sink by a step.  True: *wish is
 * new and queue is to be told.
 */
bool stock_wish(struct stock *, size_t in_use, bool calm, uint32_t *wish);

#endif
