/* SPDX-License-Identifier: ISC */
/* queue/history_trim.c - history.db does not grow for ever.
 *
 * Whole messages go, the oldest first, in ranges of ids; addresses that
 * nobody refers to follow behind.
 */
#include "common/base/alloc.h"
#include "queue/history_int.h"

#include <stdio.h>

enum {
	TRIM_MESSAGES = 1000, /* at a time */
	SWEEP_ADDRESSES = 2000,
	VACUUM_PAGES = 2000
};

/* Deletes the oldest messages that came before that time; true: some. */
static bool
trim_before(struct past *p, int64_t time)
{
	static const enum statement deletes[] = { TRIM_RCPTS, TRIM_EVENTS,
		TRIM_MESSAGE };
	sqlite3_stmt *s = p->statements[TRIM_BOUND];
	int64_t bound = 0;

	sqlite3_bind_int64(s, 1, TRIM_MESSAGES);
	sqlite3_bind_int64(s, 2, time);
	if (sqlite3_step(s) == SQLITE_ROW)
		bound = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	if (bound == 0)
		return false;
	for (size_t i = 0; i < nitems(deletes); i++) {
		sqlite3_bind_int64(p->statements[deletes[i]], 1, bound);
		if (!past_step(p, deletes[i]))
			return false;
	}
	if (p->sweep == -1)
		p->sweep = 0;
	return true;
}

/* Addresses that nothing refers to any more. */
static void
sweep(struct past *p)
{
	int64_t last = past_number(p, "SELECT max(id) FROM address");

	if (p->sweep == -1)
		return;
	sqlite3_bind_int64(p->statements[SWEEP], 1, p->sweep);
	sqlite3_bind_int64(
	    p->statements[SWEEP], 2, p->sweep + SWEEP_ADDRESSES - 1);
	if (!past_step(p, SWEEP))
		return;
	if (sqlite3_changes(p->db) > 0)
		past_cache_clear(p);
	p->sweep += SWEEP_ADDRESSES;
	if (p->sweep > last)
		p->sweep = -1;
}

/* Pages in use, and what the file may have of them. */
static bool
too_large(struct past *p)
{
	int64_t size = past_number(p, "PRAGMA page_size");
	int64_t used = past_number(p, "PRAGMA page_count") -
		       past_number(p, "PRAGMA freelist_count");

	/* a tenth is for what arrives meanwhile, and the log */
	return used > 0 &&
	       (uint64_t)(used * size) > p->limits.bytes - p->limits.bytes / 10;
}

static void
shrink(struct past *p)
{
	char sql[64];
	int64_t size = past_number(p, "PRAGMA page_size");
	int64_t count = past_number(p, "PRAGMA page_count");

	if ((uint64_t)(count * size) <= p->limits.bytes)
		return;
	snprintf(
	    sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);
	(void)past_run(p, sql);
}

bool
past_trim(struct past *p, int64_t now)
{
	bool more;

	if (!past_begin(p))
		return false;
	more = trim_before(p, now - p->limits.keep_ms);
	if (p->begun && !more && too_large(p))
		more = trim_before(p, INT64_MAX);
	if (p->begun)
		sweep(p);
	if (p->begun)
		shrink(p);
	past_commit(p);
	return more && p->db != NULL;
}
