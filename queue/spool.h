/* SPDX-License-Identifier: ISC */
/* queue/spool.h - the body files: mess/<shard>/<id>, tmp-<id> before.
 *
 * Works relative to the current folder, which is SPOOL/queue (chrooted as
 * root).  After start only the store thread calls it.  A shard holds the ids
 * of SHARD_IDS numbers; ids are handed out in order, so the current shard
 * changes every SHARD_IDS files.
 */
#ifndef QUEUE_SPOOL_H
#define QUEUE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

enum { SHARD_IDS = 10000 };

uint32_t spool_shard(uint64_t id);

/*
 * Makes mess/<shard>/tmp-<id> and opens it twice: *wfd only appends, *rfd
 * only reads.  False: errno says why.
 */
bool spool_create(uint64_t id, int *wfd, int *rfd);
/* tmp-<id> gets its final name; durable with the shard's next fsync. */
bool spool_keep(uint64_t id);
/* The folder of the shard, open for fsync; stays open while it is current.
 * -1: errno says why. */
int spool_shard_fd(uint32_t shard);
int spool_open(uint32_t shard, uint64_t id); /* read-only; -1 and errno */
void spool_remove(uint32_t shard, uint64_t id);
void spool_remove_tmp(uint64_t id);
/*
 * Removes files named tmp-<id> with id below first, which a former queue
 * left behind, and shards that are empty.  Gives the number of files removed.
 */
uint64_t spool_clean(uint64_t first);
/* Bytes and inodes that are free for us; false when it cannot be told. */
bool spool_space(uint64_t *bytes, uint64_t *inodes);

/*
 * The exclusive lock on the spool, held for the life of the process.  Waits
 * up to 30 s, then ends the process and says who holds it.
 */
void spool_lock(void);
/* The secret of the job tokens, 32 bytes; made at the first start. */
void spool_key(uint8_t key[32]);

#endif
