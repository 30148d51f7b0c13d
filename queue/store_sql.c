/* SPDX-License-Identifier: ISC */
/* queue/store_sql.c - operations as rows: the transaction of a batch.
 *
 * Statements are prepared once; values are bound, never written into text.
 * Only the store thread comes here.
 */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "queue/store_int.h"

#include <sqlite3.h>
#include <string.h>

enum statement {
	ADD_MESSAGE,
	ADD_GROUP,
	ADD_RCPT,
	FIND_DESTINATION,
	ADD_DESTINATION,
	DROP_RCPTS,
	DROP_RCPT,
	DROP_GROUP,
	DROP_MESSAGE,
	DEFER_GROUP,
	LAST_GROUP,
	WAKE_AT,
	WAKE_SETTLE,
	SET_TOLD,
	GET_WAKE,
	SET_CLOCK,
	STATEMENTS
};

enum {
	WAL_PAGES_MAX = 1000, /* checkpointed although batches wait */
	WAL_PAGES_IDLE = 100  /* not worth a flush below this */
};

static const char *const texts[STATEMENTS] = {
	[ADD_MESSAGE] = "INSERT INTO message(id, shard, size, received,"
			" class, uid, flags, sender, client, helo, message_id,"
			" ret, envid, login)"
			" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
			" ?)",
	[ADD_GROUP] = "INSERT INTO grp VALUES(?, ?, ?, ?, ?, ?, ?)",
	[ADD_RCPT] = "INSERT INTO recipient(message, grp, n, address, original,"
		     " notify, orcpt) VALUES(?, ?, ?, ?, ?, ?, ?)",
	[FIND_DESTINATION] = "SELECT id, not_before, failures,"
			     " coalesce(suspended, 0), told FROM destination"
			     " WHERE transport = ? AND host = ? AND port = ?",
	[ADD_DESTINATION] = "INSERT INTO destination(transport, host, port)"
			    " VALUES(?, ?, ?)",
	[DROP_RCPTS] = "DELETE FROM recipient WHERE message = ? AND grp = ?",
	[DROP_RCPT] = "DELETE FROM recipient"
		      " WHERE message = ? AND grp = ? AND n = ?",
	[DROP_GROUP] = "DELETE FROM grp WHERE message = ? AND n = ?",
	[DROP_MESSAGE] = "DELETE FROM message WHERE id = ?1 AND NOT EXISTS"
			 " (SELECT 1 FROM grp WHERE message = ?1)",
	[DEFER_GROUP] = "UPDATE grp SET state = ?, next_try = ?,"
			" attempts = ?, error = ?, destination = ?"
			" WHERE message = ? AND n = ?",
	[LAST_GROUP] = "SELECT max(n) FROM grp WHERE message = ?",
	[WAKE_AT] = "UPDATE destination"
		    " SET wake = max(?2, not_before, coalesce(suspended, 0))"
		    " WHERE id = ?1 AND (wake IS NULL OR"
		    " wake > max(?2, not_before, coalesce(suspended, 0)))",
	[WAKE_SETTLE] = "UPDATE destination SET wake ="
			" (SELECT max(min(next_try), not_before,"
			"   coalesce(suspended, 0)) FROM grp"
			"  WHERE destination = ?1 AND state = 3)"
			" WHERE id = ?1",
	[SET_TOLD] = "UPDATE destination SET told = ?2 WHERE id = ?1",
	[GET_WAKE] = "SELECT wake FROM destination WHERE id = ?",
	[SET_CLOCK] = "UPDATE destination SET not_before = ?2, failures = ?3,"
		      " error = ?4, wake = CASE WHEN wake IS NULL THEN NULL"
		      " ELSE max(wake, ?2) END WHERE id = ?1",
};

static struct {
	struct sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	bool unchecked; /* pages were written since the last checkpoint */
	int wal_pages;
} sql;

static int
on_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
	(void)arg;
	(void)db;
	(void)name;
	sql.wal_pages = pages;
	sql.unchecked = true;
	return SQLITE_OK;
}

void
sql_prepare(struct sqlite3 *db)
{
	sql.db = db;
	sqlite3_wal_hook(db, on_wal, NULL);
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &sql.statements[i],
			NULL) != SQLITE_OK)
			fatal("queue.db: %s", sqlite3_errmsg(db));
}

const char *
sql_error(void)
{
	return sqlite3_errmsg(sql.db);
}

bool
sql_full(void)
{
	return sqlite3_errcode(sql.db) == SQLITE_FULL;
}

bool
sql_changed(void)
{
	return sqlite3_changes(sql.db) > 0;
}

bool
sql_damaged(void)
{
	return (sqlite3_errcode(sql.db) & 0xff) == SQLITE_CORRUPT;
}

static bool
plain(const char *text)
{
	return sqlite3_exec(sql.db, text, NULL, NULL, NULL) == SQLITE_OK;
}

bool
sql_begin(void)
{
	return plain("BEGIN IMMEDIATE");
}

bool
sql_commit(void)
{
	return plain("COMMIT");
}

void
sql_rollback(void)
{
	if (!sqlite3_get_autocommit(sql.db) && !plain("ROLLBACK"))
		fatal("queue.db: rollback: %s", sql_error());
}

void
sql_checkpoint(bool idle)
{
	if (!sql.unchecked ||
	    sql.wal_pages < (idle ? WAL_PAGES_IDLE : WAL_PAGES_MAX))
		return;
	/* a checkpoint that fails is tried again with the next one */
	if (sqlite3_wal_checkpoint_v2(sql.db, NULL, SQLITE_CHECKPOINT_PASSIVE,
		NULL, NULL) == SQLITE_OK)
		sql.unchecked = false;
}

static void
bind_text(sqlite3_stmt *s, int place, const char *text)
{
	/* lent until the statement is reset, which is at once */
	sqlite3_bind_text(s, place, text, -1, SQLITE_STATIC);
}

/* Runs a statement that gives no rows. */
static bool
run(sqlite3_stmt *s)
{
	int code = sqlite3_step(s);

	sqlite3_reset(s);
	return code == SQLITE_DONE;
}

bool
sql_numbers(sqlite3_stmt *s, const int64_t *numbers, int n)
{
	for (int i = 0; i < n; i++)
		sqlite3_bind_int64(s, i + 1, numbers[i]);
	return run(s);
}

static bool
run_numbers(enum statement which, const int64_t *numbers, int n)
{
	return sql_numbers(sql.statements[which], numbers, n);
}

static bool
add_message(const struct message *m)
{
	sqlite3_stmt *s = sql.statements[ADD_MESSAGE];

	sqlite3_bind_int64(s, 1, (int64_t)m->id);
	sqlite3_bind_int64(s, 2, m->shard);
	sqlite3_bind_int64(s, 3, (int64_t)m->size);
	sqlite3_bind_int64(s, 4, m->received);
	sqlite3_bind_int64(s, 5, m->class_);
	if (m->uid == UID_NONE)
		sqlite3_bind_null(s, 6);
	else
		sqlite3_bind_int64(s, 6, m->uid);
	sqlite3_bind_int64(s, 7, m->flags);
	bind_text(s, 8, m->sender);
	bind_text(s, 9, m->client);
	bind_text(s, 10, m->helo);
	bind_text(s, 11, m->message_id);
	sqlite3_bind_int64(s, 12, m->ret);
	bind_text(s, 13, m->envid[0] == '\0' ? NULL : m->envid);
	bind_text(s, 14, m->login[0] == '\0' ? NULL : m->login);
	return run(s);
}

static void
bind_destination(sqlite3_stmt *s, const struct destination *d)
{
	sqlite3_bind_int64(s, 1, d->transport);
	bind_text(s, 2, d->host);
	sqlite3_bind_int64(s, 3, d->port);
}

/* The destination's row, made if need be; false: the database failed. */
static bool
destination_row(const struct destination *d, struct store_row *row)
{
	sqlite3_stmt *s = sql.statements[FIND_DESTINATION];
	int code;

	memset(row, 0, sizeof(*row));
	row->id = d->id;
	if (d->id != 0)
		return true;
	bind_destination(s, d);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW) {
		row->id = sqlite3_column_int64(s, 0);
		row->not_before = sqlite3_column_int64(s, 1);
		row->failures = (uint32_t)sqlite3_column_int64(s, 2);
		row->suspended = sqlite3_column_int64(s, 3);
		row->told = sqlite3_column_int64(s, 4);
	}
	sqlite3_reset(s);
	if (code != SQLITE_DONE)
		return code == SQLITE_ROW;
	s = sql.statements[ADD_DESTINATION];
	bind_destination(s, d);
	if (!run(s))
		return false;
	row->id = sqlite3_last_insert_rowid(sql.db);
	return true;
}

static bool
add_rcpts(const struct group *g)
{
	sqlite3_stmt *s = sql.statements[ADD_RCPT];

	for (size_t i = 0; i < g->nrcpts; i++) {
		sqlite3_bind_int64(s, 1, (int64_t)g->message->id);
		sqlite3_bind_int64(s, 2, g->n);
		sqlite3_bind_int64(s, 3, g->rcpts[i].n);
		bind_text(s, 4, g->rcpts[i].address);
		bind_text(s, 5, g->rcpts[i].original);
		sqlite3_bind_int64(s, 6, g->rcpts[i].notify);
		bind_text(s, 7, g->rcpts[i].orcpt);
		if (!run(s))
			return false;
	}
	return true;
}

bool
sql_wake_at(int64_t destination, int64_t when)
{
	const int64_t numbers[] = { destination, when };

	return destination == 0 || run_numbers(WAKE_AT, numbers, 2);
}

static bool
add_group(struct store_group *sg)
{
	sqlite3_stmt *s = sql.statements[ADD_GROUP];
	const struct group *g = sg->group;

	if (g->destination != NULL &&
	    !destination_row(g->destination, &sg->row))
		return false;
	sqlite3_bind_int64(s, 1, (int64_t)g->message->id);
	sqlite3_bind_int64(s, 2, g->n);
	sqlite3_bind_int64(s, 3, sg->row.id);
	sqlite3_bind_int64(s, 4, g->state);
	sqlite3_bind_int64(s, 5, g->next_try);
	sqlite3_bind_int64(s, 6, g->attempts);
	bind_text(s, 7, g->error);
	if (!run(s) || !add_rcpts(g))
		return false;
	return g->state != GROUP_WAITING ||
	       sql_wake_at(sg->row.id, g->next_try);
}

static bool
apply_commit(struct store_commit *c)
{
	if (!add_message(c->message))
		return false;
	for (size_t i = 0; i < c->ngroups; i++)
		if (!add_group(&c->groups[i]))
			return false;
	return true;
}

/* A body to be removed once the transaction stands. */
static void
removal_add(struct store_removals *r, uint32_t shard, uint64_t id)
{
	if (r->n == r->size) {
		r->size = r->size == 0 ? 64 : r->size * 2;
		r->items = mem_grow(r->items, r->size, sizeof(*r->items));
	}
	r->items[r->n].shard = shard;
	r->items[r->n].id = id;
	r->n++;
}

bool
sql_drop_group(uint64_t message, uint32_t n)
{
	const int64_t key[] = { (int64_t)message, n };

	return run_numbers(DROP_RCPTS, key, 2) &&
	       run_numbers(DROP_GROUP, key, 2);
}

bool
sql_forget_message(uint64_t id)
{
	const int64_t key[] = { (int64_t)id };

	return run_numbers(DROP_MESSAGE, key, 1);
}

/* The message goes with its last group. */
bool
sql_drop_message(uint64_t id, uint32_t shard, struct store_removals *removals)
{
	const int64_t key[] = { (int64_t)id };

	if (!run_numbers(DROP_MESSAGE, key, 1))
		return false;
	if (sqlite3_changes(sql.db) > 0)
		removal_add(removals, shard, id);
	return true;
}

static bool
set_told(int64_t destination, int64_t when)
{
	const int64_t numbers[] = { destination, when };

	return when == 0 || run_numbers(SET_TOLD, numbers, 2);
}

static bool
defer_group(struct store_result *r)
{
	sqlite3_stmt *s = sql.statements[DEFER_GROUP];

	if (r->destination != NULL && !destination_row(r->destination, &r->row))
		return false;
	sqlite3_bind_int64(s, 1, r->state);
	sqlite3_bind_int64(s, 2, r->next_try);
	sqlite3_bind_int64(s, 3, r->attempts);
	bind_text(s, 4, r->error);
	sqlite3_bind_int64(s, 5, r->row.id);
	sqlite3_bind_int64(s, 6, (int64_t)r->message->id);
	sqlite3_bind_int64(s, 7, r->group);
	if (!run(s) || !set_told(r->row.id, r->notice.told_login))
		return false;
	return r->state != GROUP_WAITING || sql_wake_at(r->row.id, r->next_try);
}

/* New groups of a message that is stored already. */
static bool
add_groups(struct store_commit *c)
{
	sqlite3_stmt *s = sql.statements[LAST_GROUP];
	uint32_t last = 0;
	int code;

	sqlite3_bind_int64(s, 1, (int64_t)c->message->id);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		last = (uint32_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	if (code != SQLITE_ROW)
		return false;
	for (size_t i = 0; i < c->ngroups; i++) {
		c->groups[i].group->n = ++last;
		if (!add_group(&c->groups[i]))
			return false;
	}
	return true;
}

bool
sql_apply_notice(struct store_notice *n)
{
	return (n->commit == NULL || apply_commit(n->commit)) &&
	       (n->held == NULL || add_groups(n->held));
}

static bool
apply_result(struct store_result *r, struct store_removals *removals)
{
	const struct message *m = r->message;

	if (!sql_apply_notice(&r->notice))
		return false;
	if (r->instead != NULL && !add_groups(r->instead))
		return false;
	if (r->finished)
		return sql_drop_group(m->id, r->group) &&
		       sql_drop_message(m->id, m->shard, removals);
	for (size_t i = 0; i < r->ndone; i++) {
		const int64_t key[] = { (int64_t)m->id, r->group, r->done[i] };

		if (!run_numbers(DROP_RCPT, key, 3))
			return false;
	}
	return defer_group(r);
}

bool
sql_wake_settle(int64_t destination)
{
	return run_numbers(WAKE_SETTLE, &destination, 1);
}

static bool
apply_left(struct store_sleep *c)
{
	sqlite3_stmt *s = sql.statements[GET_WAKE];

	if (!sql_wake_settle(c->destination_id))
		return false;
	sqlite3_bind_int64(s, 1, c->destination_id);
	if (sqlite3_step(s) == SQLITE_ROW)
		c->wake = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return true;
}

static bool
apply_sleep(struct store_sleep *c)
{
	sqlite3_stmt *s = sql.statements[SET_CLOCK];

	if (!c->clock)
		return apply_left(c);
	sqlite3_bind_int64(s, 1, c->destination_id);
	sqlite3_bind_int64(s, 2, c->not_before);
	sqlite3_bind_int64(s, 3, c->failures);
	bind_text(s, 4, c->error);
	return run(s);
}

bool
sql_apply(struct store_op *op, struct store_removals *removals)
{
	switch (op->kind) {
	case STORE_COMMIT:
		return apply_commit(&op->u.commit);
	case STORE_RESULT:
		return apply_result(&op->u.result, removals);
	case STORE_SLEEP:
		return apply_sleep(&op->u.sleep);
	case STORE_SUSPEND:
		return sql_apply_suspend(&op->u.suspend);
	case STORE_ORDER:
		return sql_apply_order(&op->u.order, removals);
	case STORE_AGED:
		return sql_apply_aged(&op->u.aged, removals);
	case STORE_STOCK:
	case STORE_DISCARD:
	case STORE_OPEN:
	case STORE_LOAD:
	case STORE_GET:
	case STORE_GROUPS:
	case STORE_DUE:
	case STORE_DESTINATION:
	case STORE_FATE:
	case STORE_SPACE:
	case STORE_CLEAN:
	case STORE_CHECK:
	case STORE_AGE:
		break;
	}
	panic("operation %d changes nothing", op->kind);
}

void
sql_recover(struct sqlite3 *db, int64_t now)
{
	static const char *const steps[] = {
		"BEGIN IMMEDIATE",
		"UPDATE destination"
		" SET wake = max(0, not_before, coalesce(suspended, 0))"
		" WHERE id IN (SELECT destination FROM grp WHERE state = 2)",
		"UPDATE grp SET state = 3, next_try = 0 WHERE state = 2",
		"COMMIT",
	};
	sqlite3_stmt *s;

	for (size_t i = 0; i < nitems(steps); i++) {
		if (sqlite3_prepare_v2(db, steps[i], -1, &s, NULL) != SQLITE_OK)
			fatal("queue.db: %s", sqlite3_errmsg(db));
		if (sqlite3_bind_parameter_count(s) > 0)
			sqlite3_bind_int64(s, 1, now);
		if (sqlite3_step(s) != SQLITE_DONE)
			fatal("queue.db: %s", sqlite3_errmsg(db));
		sqlite3_finalize(s);
	}
}
