/* SPDX-License-Identifier: ISC */
/* queue/sync.h - threads that only fsync.
 *
 * A file system joins fsyncs that are under way at the same time into one
 * commit of its journal; one after the other each costs a flush of its own.
 * So the store thread hands all files and folders of a batch over at once and
 * waits for the last.  These threads touch nothing but the descriptors.
 */
#ifndef QUEUE_SYNC_H
#define QUEUE_SYNC_H

#include <stddef.h>

struct sync_item {
	int fd;
	int error; /* out: 0, or errno of the fsync */
};

/* Starts the threads; once, before the sandbox is sealed. */
void sync_start(size_t nthreads);
/* Syncs all of them; returns when all are done. Called by one thread only. */
void sync_all(struct sync_item *, size_t n);

#endif
