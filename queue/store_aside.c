/* SPDX-License-Identifier: ISC */
/* queue/store_aside.c - rows that cannot be used are set aside.
 *
 * A group that was read and found unsound is held, without a destination and
 * with the reason, so that it is neither read again and again nor forgotten:
 * `postern check` names it, and an operator's release reads it once more.
 */
#include "common/base/fatal.h"
#include "queue/store_int.h"

#include <sqlite3.h>
#include <stdio.h>

enum { REASON_MAX = 128 };

enum statement { HOLD, HOLD_ALL, NO_WAKE, STRAYS, STATEMENTS };

static const char *const texts[STATEMENTS] = {
	[HOLD] = "UPDATE grp SET state = 4, destination = 0, error = ?1"
		 " WHERE message = ?2 AND n = ?3",
	[HOLD_ALL] = "UPDATE grp SET state = 4, destination = 0, error = ?1"
		     " WHERE destination = ?2 AND state = 3",
	[STRAYS] = "SELECT n, state IN (2, 3, 4) FROM grp g WHERE message = ?1"
		   " AND (state NOT IN (2, 3, 4) OR (state IN (2, 3)"
		   " AND NOT EXISTS (SELECT 1 FROM destination"
		   "  WHERE id = g.destination)))",
	[NO_WAKE] = "UPDATE destination SET wake = NULL WHERE id = ?1",
};

static sqlite3_stmt *statements[STATEMENTS];

void
aside_prepare(struct sqlite3 *db)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &statements[i],
			NULL) != SQLITE_OK)
			fatal("queue.db: %s", sqlite3_errmsg(db));
}

static void
hold(enum statement which, const char *why, int64_t a, int64_t b)
{
	sqlite3_stmt *s = statements[which];
	char reason[REASON_MAX];

	snprintf(reason, sizeof(reason), "%s%s", STORE_QUARANTINED, why);
	sqlite3_bind_text(s, 1, reason, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, a);
	if (which == HOLD)
		sqlite3_bind_int64(s, 3, b);
	/* where the page is damaged it fails, and at the next start again */
	(void)sqlite3_step(s);
	sqlite3_reset(s);
}

/*
 * Each by itself: where one page of the database is damaged, the others go on.
 * One that cannot even be held is passed over until it is read again.
 */
void
aside_hold(const struct store_flawed *f)
{
	for (size_t i = 0; i < f->n; i++)
		hold(HOLD, f->items[i].why, (int64_t)f->items[i].message,
		    f->items[i].group);
}

void
aside_destination(int64_t id)
{
	const int64_t key[] = { id };

	hold(HOLD_ALL, "its destination cannot be", id, 0);
	(void)sql_numbers(statements[NO_WAKE], key, 1);
}

void
aside_stray(uint64_t message, struct store_flawed *f)
{
	sqlite3_stmt *s = statements[STRAYS];
	size_t first = f->n;

	sqlite3_bind_int64(s, 1, (int64_t)message);
	while (f->n < STORE_LOAD_MAX && sqlite3_step(s) == SQLITE_ROW) {
		f->items[f->n].message = message;
		f->items[f->n].group = sqlite3_column_int64(s, 0);
		f->items[f->n].why = sqlite3_column_int(s, 1) != 0
					 ? "its destination is unknown"
					 : "its state is unknown";
		f->n++;
	}
	sqlite3_reset(s);
	for (size_t i = first; i < f->n; i++)
		hold(
		    HOLD, f->items[i].why, (int64_t)message, f->items[i].group);
}
