/* SPDX-License-Identifier: ISC */
/* queue/sync.c - threads that only fsync. */
#include "queue/sync.h"

#include "common/base/fatal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct sync_item *items; /* of the batch under way */
	size_t nitems;
	size_t next; /* first item that nobody has taken */
	size_t unfinished;
	size_t nthreads;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.work = PTHREAD_COND_INITIALIZER,
	.done = PTHREAD_COND_INITIALIZER };

static void
sync_one(struct sync_item *item)
{
	item->error = fsync(item->fd) == 0 ? 0 : errno;
}

/* Takes items until none is left.  Called and returns with the lock held. */
static void
take_items(void)
{
	struct sync_item *item;

	while (pool.next < pool.nitems) {
		item = &pool.items[pool.next++];
		pthread_mutex_unlock(&pool.lock);
		sync_one(item);
		pthread_mutex_lock(&pool.lock);
		if (--pool.unfinished == 0)
			pthread_cond_signal(&pool.done);
	}
}

static void *
run(void *arg)
{
	pthread_mutex_lock(&pool.lock);
	for (;;) {
		take_items();
		pthread_cond_wait(&pool.work, &pool.lock);
	}
	return arg;
}

void
sync_start(size_t nthreads)
{
	pthread_attr_t attr;
	pthread_t thread;

	if (pthread_attr_init(&attr) != 0 ||
	    pthread_attr_setstacksize(&attr, STACK_BYTES) != 0)
		fatal("no attributes for a thread");
	for (size_t i = 0; i < nthreads; i++)
		if (pthread_create(&thread, &attr, run, NULL) != 0)
			fatal("no thread for fsync: %m");
	pthread_attr_destroy(&attr);
	pool.nthreads = nthreads;
}

void
sync_all(struct sync_item *items, size_t n)
{
	if (n == 0)
		return;
	if (n == 1 || pool.nthreads == 0) {
		for (size_t i = 0; i < n; i++)
			sync_one(&items[i]);
		return;
	}
	pthread_mutex_lock(&pool.lock);
	pool.items = items;
	pool.nitems = n;
	pool.next = 0;
	pool.unfinished = n;
	/* this thread takes its share, so one fewer is woken */
	for (size_t i = 0; i + 1 < n && i < pool.nthreads; i++)
		pthread_cond_signal(&pool.work);
	take_items();
	while (pool.unfinished > 0)
		pthread_cond_wait(&pool.done, &pool.lock);
	pool.nitems = 0;
	pthread_mutex_unlock(&pool.lock);
}
