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

enum statement { HOLD, HOLD_ALL, NO_WAKE, STATEMENTS };

static const char *const texts[STATEMENTS] = {
	[HOLD] = "UPDATE grp SET state = 4, destination = 0, error = ?1"
		 " WHERE message = ?2 AND n = ?3",
	[HOLD_ALL] = "UPDATE grp SET state = 4, destination = 0, error = ?1"
		     " WHERE destination = ?2 AND state = 3",
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
