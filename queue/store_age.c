/* SPDX-License-Identifier: ISC */
/* queue/store_age.c - which messages are too old, and what follows of it.
 *
 * A walk in the order of ids, a piece at a time.  Ids are nearly in order of
 * arrival, not quite (a body may lie in stock for hours), so that nothing can
 * be said of a message but by its row; a pass looks at all of them.
 */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "queue/store_int.h"

#include <sqlite3.h>

enum statement {
	SCAN,
	GROUPS,
	WHY,
	SET_WARNED,
	STILL_WAITS,
	DROP_FIRST,
	STATEMENTS
};

static const char *const texts[STATEMENTS] = {
	[SCAN] = "SELECT id, received, sender = '', warned FROM message"
		 " WHERE id >= ?1 ORDER BY id LIMIT ?2",
	[GROUPS] = "SELECT n FROM grp WHERE message = ?1 AND n > ?2"
		   " AND state IN (2, 3) ORDER BY n",
	[WHY] = "SELECT destination.error FROM grp JOIN destination"
		" ON destination.id = grp.destination"
		" WHERE message = ? AND n = ?",
	[SET_WARNED] = "UPDATE message SET warned = 1"
		       " WHERE id = ? AND warned = 0",
	[STILL_WAITS] = "SELECT 1 FROM grp WHERE message = ? AND n = ?"
			" AND (?3 OR state IN (2, 3))",
	[DROP_FIRST] = "DELETE FROM recipient"
		       " WHERE message = ? AND grp = ? AND n <= ?",
};

static struct {
	sqlite3_stmt *statements[STATEMENTS];
	bool failed; /* a read did, and may be made again */
} age;

void
age_prepare(struct sqlite3 *db)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &age.statements[i],
			NULL) != SQLITE_OK)
			fatal("queue.db: %s", sqlite3_errmsg(db));
}

/* What cannot be read as it is damaged is passed over. */
static bool
next_row(sqlite3_stmt *s)
{
	int code = sqlite3_step(s);

	if (code != SQLITE_ROW && code != SQLITE_DONE &&
	    code != SQLITE_CORRUPT && code != SQLITE_NOTADB)
		age.failed = true;
	return code == SQLITE_ROW;
}

/* What the group was not told itself, as its destination slept. */
static void
add_why(struct group *g)
{
	sqlite3_stmt *s = age.statements[WHY];
	const char *text;

	sqlite3_bind_int64(s, 1, (int64_t)g->message->id);
	sqlite3_bind_int64(s, 2, g->n);
	if (next_row(s)) {
		text = (const char *)sqlite3_column_text(s, 0);
		if (text != NULL)
			group_set_error(g, text);
	}
	sqlite3_reset(s);
}

static void
collect_group(struct store_age *a, uint64_t id, uint32_t n, bool expired)
{
	struct store_get get = { .message = id, .n = n };
	struct group *g;

	if (!read_get(&get))
		age.failed = true;
	g = get.group;
	if (g == NULL)
		return; /* damaged: said so when it is to be tried */
	if (g->error == NULL)
		add_why(g);
	a->items = mem_grow(a->items, a->n + 1, sizeof(*a->items));
	a->items[a->n].expired = expired;
	a->items[a->n].group = g;
	a->n++;
	a->nrcpts += g->nrcpts;
}

/* The groups of one message that wait or are new; false: the piece is full
 * before its last. */
static bool
collect(struct store_age *a, uint64_t id, uint32_t after, bool expired)
{
	sqlite3_stmt *s = age.statements[GROUPS];
	bool all = false;

	sqlite3_bind_int64(s, 1, (int64_t)id);
	sqlite3_bind_int64(s, 2, after);
	while (a->nrcpts < AGE_RCPTS && !all) {
		all = !next_row(s);
		if (all)
			break;
		a->after_group = (uint32_t)sqlite3_column_int64(s, 0);
		collect_group(a, id, a->after_group, expired);
	}
	sqlite3_reset(s);
	return all;
}

static void
note_time(struct store_age *a, int64_t when)
{
	if (when < a->next)
		a->next = when;
}

/* One row of a message: what is due, and when else something will be. */
static bool
judge(struct store_age *a, sqlite3_stmt *s, uint32_t after)
{
	uint64_t id = (uint64_t)sqlite3_column_int64(s, 0);
	int64_t received = sqlite3_column_int64(s, 1);
	bool null_sender = sqlite3_column_int64(s, 2) != 0;
	bool warned = sqlite3_column_int64(s, 3) != 0;
	int64_t expires = received + (null_sender ? a->limits.expire_bounce
						  : a->limits.expire);
	int64_t warns = received + a->limits.warn;

	if (a->now >= expires)
		return collect(a, id, after, true);
	note_time(a, expires);
	if (null_sender || warned || a->limits.warn == 0)
		return true;
	if (a->now < warns)
		note_time(a, warns);
	else
		/* of very many recipients the first ones are named */
		(void)collect(a, id, 0, false);
	return true;
}

bool
read_age(struct store_age *a)
{
	sqlite3_stmt *s = age.statements[SCAN];
	uint64_t first = a->from;
	uint32_t after = a->after_group;
	size_t rows = 0;

	a->next = INT64_MAX;
	age.failed = false;
	sqlite3_bind_int64(s, 1, (int64_t)first);
	sqlite3_bind_int64(s, 2, AGE_ROWS);
	while (a->nrcpts < AGE_RCPTS) {
		if (!next_row(s)) {
			a->finished = rows < AGE_ROWS;
			break;
		}
		rows++;
		a->from = (uint64_t)sqlite3_column_int64(s, 0);
		if (!judge(a, s, a->from == first ? after : 0))
			break; /* goes on with the message's other groups */
		a->from++;
		a->after_group = 0;
	}
	sqlite3_reset(s);
	return !age.failed;
}

static bool
still_waits(uint64_t message, uint32_t n, bool held_too)
{
	sqlite3_stmt *s = age.statements[STILL_WAITS];
	bool yes;

	sqlite3_bind_int64(s, 1, (int64_t)message);
	sqlite3_bind_int64(s, 2, n);
	sqlite3_bind_int64(s, 3, held_too);
	yes = next_row(s);
	sqlite3_reset(s);
	return yes;
}

/* An order may have come between the walk and this. */
static bool
is_void(const struct store_aged *a)
{
	for (size_t i = 0; i < a->ngroups; i++)
		if (!still_waits(a->message->id, a->groups[i].n, a->held_too))
			return true;
	return false;
}

bool
sql_apply_aged(struct store_aged *a, struct store_removals *removals)
{
	const int64_t id[] = { (int64_t)a->message->id };

	if (a->warn && !sql_numbers(age.statements[SET_WARNED], id, 1))
		return false;
	a->void_ = is_void(a) || (a->warn && !sql_changed());
	if (a->void_)
		return true;
	if (!sql_apply_notice(&a->notice))
		return false;
	for (size_t i = 0; i < a->ngroups; i++) {
		const int64_t key[] = { id[0], a->groups[i].n,
			a->groups[i].last_rcpt };

		if (a->groups[i].whole
			? !sql_drop_group(a->message->id, a->groups[i].n)
			: !sql_numbers(age.statements[DROP_FIRST], key, 3))
			return false;
	}
	return a->warn ||
	       sql_drop_message(a->message->id, a->message->shard, removals);
}
