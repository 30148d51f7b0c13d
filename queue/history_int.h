/* SPDX-License-Identifier: ISC */
/* queue/history_int.h - what the files of history_store share. */
#ifndef QUEUE_HISTORY_INT_H
#define QUEUE_HISTORY_INT_H

#include "queue/history_store.h"

#include <sqlite3.h>

enum { CACHE_SIZE = 8192 }; /* addresses whose id is remembered */

enum statement {
	FIND_ADDRESS,
	ADD_ADDRESS,
	ADD_MESSAGE,
	ADD_RCPT,
	END_RCPT,
	END_RCPT_ANEW,
	END_ALL,
	ADD_EVENT,
	ADD_LOST,
	TRIM_BOUND,
	TRIM_RCPTS,
	TRIM_EVENTS,
	TRIM_MESSAGE,
	SWEEP,
	STATEMENTS
};

struct past {
	struct past_limits limits;
	struct sqlite3 *db; /* NULL: not open */
	sqlite3_stmt *statements[STATEMENTS];
	bool begun;    /* a transaction is open */
	bool foreign;  /* the database is of a newer version: left alone */
	bool troubled; /* what ails it was logged */
	uint64_t told; /* in this transaction */
	uint64_t lost; /* could not be written */
	int64_t sweep; /* addresses below were looked at; -1: all were */
	struct {
		char *text; /* NULL: free */
		int64_t id;
	} cache[CACHE_SIZE];
};

/* A transaction is open, or the database cannot be used. */
bool past_begin(struct past *);
/* Runs a statement to its end; false: what was told is lost. */
bool past_step(struct past *, enum statement);
bool past_run(struct past *, const char *sql);
int64_t past_number(struct past *, const char *sql); /* -1: fails */
void past_cache_clear(struct past *);

#endif
