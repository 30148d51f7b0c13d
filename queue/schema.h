/* SPDX-License-Identifier: ISC */
/* queue/schema.h - queue.db: opening it, its tables, its version.
 *
 * WAL with synchronous=FULL: a commit is one fdatasync of the log.  The one
 * read-write connection belongs to the store thread, which also checkpoints.
 * Only files named store*.c, schema.c and report_*.c of queue/ include
 * sqlite3.h.
 */
#ifndef QUEUE_SCHEMA_H
#define QUEUE_SCHEMA_H

#include <stdint.h>

struct sqlite3;

enum {
	SCHEMA_VERSION = 2,
	ID_BLOCK = 100000, /* ids reserved at a time */
	ID_FIRST = 1 << 25 /* so that the shortest id has six letters */
};

/*
 * Opens (makes, migrates) queue.db in the current folder.  Ends the process
 * with a clear message when it is damaged, newer than we are, or the disk
 * refuses.
 */
struct sqlite3 *schema_open(void);

/* The tables of an open database: made, or brought up to date. */
void schema_migrate(struct sqlite3 *);

/* A number that no former queue had: counts the starts. */
uint64_t schema_instance(struct sqlite3 *);
/* Reserves ID_BLOCK ids durably and gives the first. */
uint64_t schema_ids(struct sqlite3 *);
/*
 * The same at start: ids above every shard that exists, should the database
 * be younger (lost, or from a backup) than the files.  *birth: files below it
 * may have had rows that were lost.
 */
uint64_t schema_first_id(
    struct sqlite3 *, uint32_t last_shard, uint64_t *birth);

#endif
