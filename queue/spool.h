/* SPDX-License-Identifier: ISC */
/* queue/spool.h - the body files: mess/<shard>/<id>.
 *
 * Works relative to the current folder, which is SPOOL/queue (chrooted as
 * root).  After start only the store thread calls it.  A file is made under
 * its name before it is handed to smtpd, and the name made durable with it;
 * what makes it a message is its row in queue.db.  A shard holds the ids of
 * SHARD_IDS numbers; ids are handed out in order, so the current shard changes
 * every SHARD_IDS files.
 */
#ifndef QUEUE_SPOOL_H
#define QUEUE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

enum { SHARD_IDS = 10000 };

uint32_t spool_shard(uint64_t id);

/*
 * Makes mess/<shard>/<id> and opens it twice: *wfd only appends, *rfd only
 * reads.  The name is durable with the shard's next fsync.  False: errno says
 * why; EEXIST: the name is taken.
 */
bool spool_create(uint64_t id, int *wfd, int *rfd);
/* The folder of the shard, open for fsync; stays open while it is current.
 * -1: errno says why. */
int spool_shard_fd(uint32_t shard);
int spool_open(uint32_t shard, uint64_t id); /* read-only; -1 and errno */
void spool_remove(uint32_t shard, uint64_t id);
/* The highest shard that has a folder, 0 when there is none. */
uint32_t spool_last_shard(void);

/* A walk over all that lies in the spool, a piece at a time. */
struct spool_walk;
struct spool_entry {
	bool foreign; /* nothing of ours: only its name is known */
	uint32_t shard;
	uint64_t id;
	uint64_t size;
	int64_t age_seconds; /* by its time of change */
	char name[512];      /* from the queue's folder on, cut to fit */
};
struct spool_walk *spool_walk_new(void);
void spool_walk_free(struct spool_walk *);
/* False: the end.  Empty shards below keep are removed on the way. */
bool spool_walk_next(struct spool_walk *, uint32_t keep, struct spool_entry *);
/* The body's size; false: there is none, or no file of ours. */
bool spool_body_size(uint32_t shard, uint64_t id, uint64_t *size);
struct spool_room {
	uint64_t bytes, inodes;         /* free; UINT64_MAX: not known */
	uint64_t bytes_all, inodes_all; /* 0: not known */
};

/* What is free for us; false when it cannot be told. */
bool spool_space(struct spool_room *);

/*
 * The exclusive lock on the spool, held for the life of the process.  Waits
 * up to 30 s, then ends the process and says who holds it.
 */
void spool_lock(void);
/* The secret of the job tokens, 32 bytes; made at the first start. */
void spool_key(uint8_t key[32]);

#endif
