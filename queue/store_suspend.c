/* SPDX-License-Identifier: ISC */
/* queue/store_suspend.c - what suspend and resume change in queue.db. */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "queue/store_int.h"

#include <sqlite3.h>

enum statement { NAMED, SET, ADD, STATEMENTS };

/* clang-format off */
static const char *const texts[STATEMENTS] = {
	/* transports are few: so the index is used */
	[NAMED] = "SELECT id, suspended FROM destination"
		  " WHERE transport IN (1, 2, 4) AND host = ?1"
		  " AND (?2 = 0 OR transport = ?2) AND (?3 = 0 OR port = ?3)",
	[SET] = "UPDATE destination SET suspended = nullif(?2, 0),"
		" suspend_reason = ?3 WHERE id = ?1",
	[ADD] = "INSERT INTO destination(transport, host, port)"
		" VALUES(?, ?, ?)",
};
/* clang-format on */

static struct {
	struct sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
} suspend;

/* The rows of that name, read before any of them is changed. */
struct ids {
	int64_t *id;
	size_t n;
};

void
suspend_prepare(struct sqlite3 *db)
{
	suspend.db = db;
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &suspend.statements[i],
			NULL) != SQLITE_OK)
			fatal("queue.db: %s", sqlite3_errmsg(db));
}

static void
ids_add(struct ids *ids, int64_t id)
{
	if ((ids->n & (ids->n - 1)) == 0)
		ids->id = mem_grow(
		    ids->id, ids->n == 0 ? 1 : ids->n * 2, sizeof(*ids->id));
	ids->id[ids->n++] = id;
}

/* To be suspended: all of them.  To go on: those that do not. */
static bool
concerns(const struct store_suspend *o, sqlite3_stmt *s)
{
	if (o->until > 0)
		return true;
	if (sqlite3_column_type(s, 1) == SQLITE_NULL)
		return false;
	return o->only_before == 0 ||
	       sqlite3_column_int64(s, 1) <= o->only_before;
}

static bool
find(const struct store_suspend *o, struct ids *ids)
{
	sqlite3_stmt *s = suspend.statements[NAMED];
	int code;

	sqlite3_bind_text(s, 1, o->host, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, o->transport);
	sqlite3_bind_int64(s, 3, o->port);
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		if (concerns(o, s))
			ids_add(ids, sqlite3_column_int64(s, 0));
	sqlite3_reset(s);
	return code == SQLITE_DONE;
}

static bool
add(const struct store_suspend *o, struct ids *ids)
{
	sqlite3_stmt *s = suspend.statements[ADD];
	int code;

	if (ids->n > 0 || o->until == 0 || o->add_transport == 0)
		return true;
	sqlite3_bind_int64(s, 1, o->add_transport);
	sqlite3_bind_text(s, 2, o->host, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, o->add_port);
	code = sqlite3_step(s);
	sqlite3_reset(s);
	if (code == SQLITE_DONE)
		ids_add(ids, sqlite3_last_insert_rowid(suspend.db));
	return code == SQLITE_DONE;
}

static bool
set(const struct store_suspend *o, int64_t id)
{
	sqlite3_stmt *s = suspend.statements[SET];
	int code;

	sqlite3_bind_int64(s, 1, id);
	sqlite3_bind_int64(s, 2, o->until);
	sqlite3_bind_text(
	    s, 3, o->until == 0 ? NULL : o->reason, -1, SQLITE_STATIC);
	code = sqlite3_step(s);
	sqlite3_reset(s);
	return code == SQLITE_DONE && sql_wake_settle(id);
}

bool
sql_apply_suspend(struct store_suspend *o)
{
	struct ids ids = { 0 };
	bool fine = find(o, &ids) && add(o, &ids);

	for (size_t i = 0; fine && i < ids.n; i++)
		fine = set(o, ids.id[i]);
	o->count = (uint32_t)ids.n;
	mem_free(ids.id);
	return fine;
}
