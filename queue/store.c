/* SPDX-License-Identifier: ISC */
/* queue/store.c - the store thread and its two lists.
 *
 * The order within a batch is the promise: body files and their names first,
 * then one transaction, then the answers, then the removal of what is done.
 */
#include "queue/store.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "queue/schema.h"
#include "queue/spool.h"
#include "queue/store_int.h"
#include "queue/sync.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SYNC_THREADS = 32 };

static struct {
	struct sqlite3 *db;
	uint64_t instance;
	uint64_t first_id, next_id, end_id;
	uint64_t birth_id; /* files below it may be of a lost database */
	uint8_t key[32];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct store_list gathered; /* in this turn of the loop */
	bool has_commit;            /* among those */
	struct store_list waiting;  /* guarded */
	struct store_list finished; /* guarded */
	bool stop;                  /* guarded */
	int64_t oldest; /* guarded: when the running batch's first came, or 0 */
	int64_t waiting_since; /* guarded */
	int wake_fd;           /* the store thread tells the loop */
	struct event *wake;
} store = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.work = PTHREAD_COND_INITIALIZER };

void
store_prepare(void)
{
	spool_lock();
	spool_key(store.key);
	store.db = schema_open();
	store.instance = schema_instance(store.db);
	store.first_id = store.next_id =
	    schema_first_id(store.db, spool_last_shard(), &store.birth_id);
	store.end_id = store.first_id + ID_BLOCK;
	sql_recover(store.db, clock_wall_ms());
	destinations_forget(store.db, clock_wall_ms());
	sql_prepare(store.db);
	order_prepare(store.db);
	suspend_prepare(store.db);
	read_prepare(store.db);
	age_prepare(store.db);
	groups_prepare(store.db);
	destination_prepare(store.db);
	aside_prepare(store.db);
	check_prepare(store.db);
	STAILQ_INIT(&store.gathered);
	STAILQ_INIT(&store.waiting);
	STAILQ_INIT(&store.finished);
}

uint64_t
store_instance(void)
{
	return store.instance;
}

const uint8_t *
store_key(void)
{
	return store.key;
}

/* Store thread: the block is renewed before it runs out. */
uint64_t
files_next_id(void)
{
	if (store.next_id == store.end_id) {
		store.next_id = schema_ids(store.db);
		store.end_id = store.next_id + ID_BLOCK;
	}
	return store.next_id++;
}

void
store_submit(struct store_op *op)
{
	STAILQ_INSERT_TAIL(&store.gathered, op, next);
	store.has_commit = store.has_commit || op->kind == STORE_COMMIT;
}

bool
store_has_commit(void)
{
	return store.has_commit;
}

void
store_turn(void)
{
	bool idle;

	if (STAILQ_EMPTY(&store.gathered))
		return;
	store.has_commit = false;
	pthread_mutex_lock(&store.lock);
	idle = STAILQ_EMPTY(&store.waiting);
	if (idle)
		store.waiting_since = clock_mono_ms();
	STAILQ_CONCAT(&store.waiting, &store.gathered);
	pthread_mutex_unlock(&store.lock);
	if (idle)
		pthread_cond_signal(&store.work);
}

int64_t
store_behind(void)
{
	int64_t since;

	pthread_mutex_lock(&store.lock);
	since = store.oldest;
	if (since == 0 && !STAILQ_EMPTY(&store.waiting))
		since = store.waiting_since;
	pthread_mutex_unlock(&store.lock);
	return since == 0 ? 0 : clock_mono_ms() - since;
}

static bool
is_durable(enum store_kind kind)
{
	return kind == STORE_STOCK || kind == STORE_COMMIT ||
	       kind == STORE_RESULT || kind == STORE_SLEEP ||
	       kind == STORE_SUSPEND || kind == STORE_ORDER ||
	       kind == STORE_AGED;
}

static void
open_body(struct store_op *op)
{
	struct message *m = op->u.open;

	if (m->fd == -1)
		m->fd = spool_open(m->shard, m->id);
	op->failed = m->fd == -1;
	op->error = errno;
}

uint64_t
files_first_id(void)
{
	return store.first_id;
}

uint64_t
files_birth_id(void)
{
	return store.birth_id;
}

/* Operations that neither wait for the disk nor for the transaction. */
static void
serve_quick(struct store_op *op)
{
	switch (op->kind) {
	case STORE_DISCARD:
		spool_remove(spool_shard(op->u.discard), op->u.discard);
		break;
	case STORE_OPEN:
		open_body(op);
		break;
	case STORE_FATE:
		read_fate(&op->u.fate);
		break;
	case STORE_SPACE:
		op->failed = !spool_space(&op->u.space);
		break;
	case STORE_LOAD:
		op->failed = !read_load(op->u.load);
		if (!op->failed)
			aside_hold(&op->u.load->flawed);
		break;
	case STORE_GET:
		op->failed = !read_get(op->u.get);
		if (!op->failed)
			aside_hold(&op->u.get->flawed);
		break;
	case STORE_GROUPS:
		op->failed = !read_groups(op->u.groups);
		break;
	case STORE_DUE:
		op->failed = !read_due(op->u.due);
		for (size_t i = 0; i < op->u.due->nflawed && !op->failed; i++)
			aside_destination(op->u.due->flawed[i]);
		break;
	case STORE_DESTINATION:
		op->failed = !read_destination(op->u.destination);
		break;
	case STORE_CLEAN:
		clean_piece(op->u.clean);
		break;
	case STORE_CHECK:
		check_piece(op->u.check);
		break;
	case STORE_AGE:
		op->failed = !read_age(&op->u.age);
		break;
	case STORE_STOCK:
	case STORE_COMMIT:
	case STORE_RESULT:
	case STORE_SLEEP:
	case STORE_SUSPEND:
	case STORE_ORDER:
	case STORE_AGED:
		panic("operation %d is not quick", op->kind);
	}
}

static bool
is_read(enum store_kind kind)
{
	/* these see the database as the batch leaves it */
	return kind == STORE_LOAD || kind == STORE_DUE || kind == STORE_FATE ||
	       kind == STORE_CLEAN || kind == STORE_CHECK ||
	       kind == STORE_AGE || kind == STORE_GROUPS ||
	       kind == STORE_DESTINATION;
}

static void
tell_loop(struct store_list *done)
{
	const uint64_t one = 1;
	bool first;

	if (STAILQ_EMPTY(done))
		return;
	pthread_mutex_lock(&store.lock);
	first = STAILQ_EMPTY(&store.finished);
	STAILQ_CONCAT(&store.finished, done);
	pthread_mutex_unlock(&store.lock);
	if (first && store.wake != NULL &&
	    write(store.wake_fd, &one, sizeof(one)) == -1)
		fatal("eventfd: %m");
}

static bool
any_rows(struct store_list *batch)
{
	struct store_op *op;

	STAILQ_FOREACH (op, batch, next) {
		if (op->kind != STORE_STOCK && !op->failed)
			return true;
	}
	return false;
}

/* In one transaction; the operation that could not be written, or NULL. */
static struct store_op *
apply_all(struct store_list *batch, struct store_removals *removals)
{
	struct store_op *op;

	STAILQ_FOREACH (op, batch, next) {
		if (!op->failed && op->kind != STORE_STOCK &&
		    !sql_apply(op, removals))
			return op;
	}
	return NULL;
}

static void
refuse(struct store_op *op, int error)
{
	if (op->failed || op->kind == STORE_STOCK)
		return;
	op->failed = true;
	op->error = error;
	files_undo(op);
}

/*
 * One transaction for all of them.  What a statement failed to do before the
 * commit is taken back: all of it when the disk refuses, and where a page of
 * the database is damaged the one operation that met it.  After a failed
 * commit nobody knows what is on disk but the disk: stop, and recover from it.
 */
static void
transact(struct store_list *batch, struct store_removals *removals)
{
	struct store_op *op, *bad;
	bool begun, full;

	while (any_rows(batch)) {
		begun = sql_begin();
		bad = begun ? apply_all(batch, removals) : NULL;
		if (begun && bad == NULL) {
			if (sql_commit())
				return;
			fatal("queue.db: commit: %s", sql_error());
		}
		full = sql_full();
		removals->n = 0;
		if (bad != NULL && sql_damaged()) {
			sql_rollback();
			refuse(bad, 0);
			continue;
		}
		sql_rollback();
		STAILQ_FOREACH (op, batch, next)
			refuse(op, full ? ENOSPC : 0);
	}
}

static void
remove_bodies(struct store_removals *r)
{
	for (size_t i = 0; i < r->n; i++)
		spool_remove(r->items[i].shard, r->items[i].id);
	r->n = 0;
}

static void
split(struct store_list *all, struct store_list *durable,
    struct store_list *reads, struct store_list *quick)
{
	struct store_op *op;

	while ((op = STAILQ_FIRST(all)) != NULL) {
		STAILQ_REMOVE_HEAD(all, next);
		if (is_durable(op->kind))
			STAILQ_INSERT_TAIL(durable, op, next);
		else if (is_read(op->kind))
			STAILQ_INSERT_TAIL(reads, op, next);
		else
			STAILQ_INSERT_TAIL(quick, op, next);
	}
}

static void
serve_all(struct store_list *list)
{
	struct store_op *op;

	STAILQ_FOREACH (op, list, next)
		serve_quick(op);
	tell_loop(list);
}

static void
run_batch(struct store_list *all)
{
	static struct store_removals removals;
	struct store_list durable = STAILQ_HEAD_INITIALIZER(durable);
	struct store_list reads = STAILQ_HEAD_INITIALIZER(reads);
	struct store_list quick = STAILQ_HEAD_INITIALIZER(quick);

	split(all, &durable, &reads, &quick);
	serve_all(&quick);
	if (!STAILQ_EMPTY(&durable)) {
		files_sync(&durable);
		abandon_before(&durable);
		transact(&durable, &removals);
		abandon_after(&durable);
		tell_loop(&durable);
		remove_bodies(&removals);
		sql_checkpoint(false);
	}
	serve_all(&reads);
}

/* Takes everything that waits; false: told to stop, and nothing waits. */
static bool
take_batch(struct store_list *batch)
{
	pthread_mutex_lock(&store.lock);
	store.oldest = 0;
	while (STAILQ_EMPTY(&store.waiting) && !store.stop) {
		pthread_mutex_unlock(&store.lock);
		sql_checkpoint(true);
		pthread_mutex_lock(&store.lock);
		if (STAILQ_EMPTY(&store.waiting) && !store.stop)
			pthread_cond_wait(&store.work, &store.lock);
	}
	STAILQ_CONCAT(batch, &store.waiting);
	store.oldest = STAILQ_EMPTY(batch) ? 0 : store.waiting_since;
	pthread_mutex_unlock(&store.lock);
	return !STAILQ_EMPTY(batch);
}

static void *
run(void *arg)
{
	struct store_list batch = STAILQ_HEAD_INITIALIZER(batch);

	while (take_batch(&batch))
		run_batch(&batch);
	sql_checkpoint(true);
	return arg;
}

static void
finish(void)
{
	struct store_list done = STAILQ_HEAD_INITIALIZER(done);
	struct store_op *op;

	pthread_mutex_lock(&store.lock);
	STAILQ_CONCAT(&done, &store.finished);
	pthread_mutex_unlock(&store.lock);
	while ((op = STAILQ_FIRST(&done)) != NULL) {
		STAILQ_REMOVE_HEAD(&done, next);
		op->done(op);
	}
}

bool
store_waits(void)
{
	return !STAILQ_EMPTY(&store.waiting);
}

bool
store_batch(void)
{
	struct store_list batch = STAILQ_HEAD_INITIALIZER(batch);

	STAILQ_CONCAT(&batch, &store.waiting);
	if (STAILQ_EMPTY(&batch))
		return false;
	run_batch(&batch);
	return true;
}

void
store_answers(void)
{
	finish();
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	uint64_t n;

	(void)what;
	(void)arg;
	if (read(fd, &n, sizeof(n)) == -1 && errno != EAGAIN)
		fatal("eventfd: %m");
	finish();
}

void
store_start(struct event_base *base)
{
	store.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (store.wake_fd == -1)
		fatal("eventfd: %m");
	store.wake =
	    event_new(base, store.wake_fd, EV_READ | EV_PERSIST, on_wake, NULL);
	if (store.wake == NULL || event_add(store.wake, NULL) == -1)
		fatal("no event for the store");
	sync_start(SYNC_THREADS);
	if (pthread_create(&store.thread, NULL, run, NULL) != 0)
		fatal("no store thread: %m");
}

void
store_stop(void)
{
	store_turn();
	pthread_mutex_lock(&store.lock);
	store.stop = true;
	pthread_mutex_unlock(&store.lock);
	pthread_cond_signal(&store.work);
	pthread_join(store.thread, NULL);
	finish();
}
