/* SPDX-License-Identifier: ISC */
/* queue/store_abandon.c - commits whose clients were told to come again.
 *
 * While the disk hangs, the store thread hangs with it, and the loop thread
 * tells those who wait that it is not to be.  Who is first decides: either the
 * store has settled a commit, and its 250 is on the way, or it is abandoned,
 * and whatever the disk has done of it by then is undone before anybody reads
 * it.  Only a death between the commit and that leaves both: then it is tried,
 * and its client comes again, as after any answer that was lost.
 */
#include "common/base/fatal.h"
#include "queue/store_int.h"

#include <errno.h>
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool
store_abandon(struct store_op *op)
{
	bool may;

	pthread_mutex_lock(&lock);
	may = !op->settled;
	op->abandoned = may;
	pthread_mutex_unlock(&lock);
	return may;
}

static void
fail(struct store_op *op)
{
	op->failed = true;
	op->error = ETIMEDOUT;
	files_undo(op);
}

void
abandon_before(struct store_list *batch)
{
	struct store_op *op;

	pthread_mutex_lock(&lock);
	STAILQ_FOREACH (op, batch, next)
		if (op->kind == STORE_COMMIT && op->abandoned && !op->failed)
			fail(op);
	pthread_mutex_unlock(&lock);
}

/* The rows that its transaction made. */
static bool
undo(const struct store_commit *c)
{
	const struct message *m = c->message;

	for (size_t i = 0; i < c->ngroups; i++)
		if (!sql_drop_group(m->id, c->groups[i].group->n))
			return false;
	return sql_forget_message(m->id);
}

/* A failure here is one of the kind that is not known: see transact(). */
static void
undo_all(struct store_list *batch)
{
	struct store_op *op;
	bool fine = sql_begin();

	STAILQ_FOREACH (op, batch, next)
		if (op->kind == STORE_COMMIT && !op->settled && !op->failed)
			fine = fine && undo(&op->u.commit);
	if (!fine || !sql_commit())
		fatal("queue.db: undoing a commit: %s", sql_error());
	STAILQ_FOREACH (op, batch, next)
		if (op->kind == STORE_COMMIT && !op->settled && !op->failed)
			fail(op);
}

void
abandon_after(struct store_list *batch)
{
	struct store_op *op;
	bool any = false;

	pthread_mutex_lock(&lock);
	STAILQ_FOREACH (op, batch, next) {
		if (op->kind != STORE_COMMIT || op->failed)
			continue;
		op->settled = !op->abandoned;
		any = any || op->abandoned;
	}
	pthread_mutex_unlock(&lock);
	if (any)
		undo_all(batch);
}
