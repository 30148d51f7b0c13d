/* SPDX-License-Identifier: ISC */
/* queue/store_destination.c - what queue.db says of one destination. */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "queue/store_int.h"

#include <sqlite3.h>

enum statement { ROW, WAITING, STATEMENTS };

/* clang-format off */
static const char *const texts[STATEMENTS] = {
	[ROW] = "SELECT id, not_before, failures, coalesce(suspended, 0),"
		" error, suspend_reason FROM destination"
		" WHERE transport = ? AND host = ? AND port = ?",
	/* by the index, which has them in the order of next_try */
	[WAITING] = "SELECT count(*), coalesce(min(next_try), 0) FROM"
		    " (SELECT next_try FROM grp WHERE destination = ?1"
		    " AND state = 3 ORDER BY next_try LIMIT ?2)",
};
/* clang-format on */

static sqlite3_stmt *statements[STATEMENTS];

void
destination_prepare(struct sqlite3 *db)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &statements[i],
			NULL) != SQLITE_OK)
			fatal("queue.db: %s", sqlite3_errmsg(db));
}

static char *
text_of(sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	return text == NULL ? NULL : mem_copy_string(text);
}

static bool
read_waiting(struct store_destination *d)
{
	sqlite3_stmt *s = statements[WAITING];
	int code;

	sqlite3_bind_int64(s, 1, d->id);
	sqlite3_bind_int64(s, 2, STORE_COUNT_MAX);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW) {
		d->waiting = (uint64_t)sqlite3_column_int64(s, 0);
		d->next_try = sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
	return code == SQLITE_ROW;
}

bool
read_destination(struct store_destination *d)
{
	sqlite3_stmt *s = statements[ROW];
	int code;

	sqlite3_bind_int64(s, 1, d->transport);
	sqlite3_bind_text(s, 2, d->host, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, d->port);
	code = sqlite3_step(s);
	d->known = code == SQLITE_ROW;
	if (d->known) {
		d->id = sqlite3_column_int64(s, 0);
		d->not_before = sqlite3_column_int64(s, 1);
		d->failures = (unsigned int)sqlite3_column_int64(s, 2);
		d->suspended = sqlite3_column_int64(s, 3);
		d->error = text_of(s, 4);
		d->reason = text_of(s, 5);
	}
	sqlite3_reset(s);
	return d->known ? read_waiting(d) : code == SQLITE_DONE;
}
