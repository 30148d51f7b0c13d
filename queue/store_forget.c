/* SPDX-License-Identifier: ISC */
/* queue/store_forget.c - rows of destinations that say nothing any more go.
 *
 * When queue starts: nobody holds the id of one yet, and no message pays for
 * it.  Must leave each that a group, an operator, its clock or the postmaster
 * may still need; what does not go now goes at another start.
 */
#include "queue/store_int.h"

#include <sqlite3.h>

enum { FORGET_MAX = 20000, GROUPS_MAX = 100000 };

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

enum statement { GROUPS, FORGET, STATEMENTS };

/* clang-format off */
static const char *const texts[STATEMENTS] = {
	/* all of them are looked at: a large queue is not to start late */
	[GROUPS] = "SELECT count(*) <= ?1 FROM"
		   " (SELECT 1 FROM grp LIMIT ?1 + 1)",
	[FORGET] = "DELETE FROM destination WHERE id IN"
		   " (SELECT id FROM destination WHERE wake IS NULL"
		   "  AND suspended IS NULL"
		   /* how often it has failed counts for a month */
		   "  AND not_before + (failures > 0) * 30 * ?2 < ?1"
		   "  AND told + ?2 < ?1"
		   /* so that no id is given twice */
		   "  AND id < (SELECT max(id) FROM destination)"
		   "  AND id NOT IN (SELECT destination FROM grp)"
		   "  LIMIT ?3)",
};
/* clang-format on */

/* The first column; 0 without one. */
static int64_t
run(struct sqlite3 *db, enum statement which, const int64_t *numbers, int n)
{
	sqlite3_stmt *s;
	int64_t told = 0;

	if (sqlite3_prepare_v2(db, texts[which], -1, &s, NULL) != SQLITE_OK)
		return 0;
	for (int i = 0; i < n; i++)
		sqlite3_bind_int64(s, i + 1, numbers[i]);
	if (sqlite3_step(s) == SQLITE_ROW)
		told = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return told;
}

/* A full disk or a damaged page is no reason not to start: a statement that
 * fails has changed nothing. */
void
destinations_forget(struct sqlite3 *db, int64_t now)
{
	const int64_t most[] = { GROUPS_MAX };
	const int64_t how[] = { now, DAY_MS, FORGET_MAX };

	if (run(db, GROUPS, most, 1) != 0)
		(void)run(db, FORGET, how, 3);
}
