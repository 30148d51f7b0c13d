/* SPDX-License-Identifier: ISC */
/* queue/store_order.c - what an operator's order changes in queue.db.
 *
 * The owner is checked again here: a message's row says whose it is, and the
 * uid that asks came from the kernel, over postern-report.
 */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "queue/store_int.h"

#include <sqlite3.h>

enum statement {
	ORDER_ROWS,
	SET_STATE,
	NO_CLOCK,
	ALL_GROUPS,
	ALL_CLOCKS,
	ALL_SUSPENDED,
	STATEMENTS
};

static const char *const texts[STATEMENTS] = {
	[ORDER_ROWS] = "SELECT g.n, g.state, g.destination,"
		       " coalesce(d.suspended, 0) FROM grp g"
		       " LEFT JOIN destination d ON d.id = g.destination"
		       " WHERE g.message = ?",
	[SET_STATE] = "UPDATE grp SET state = ?, next_try = ?"
		      " WHERE message = ? AND n = ?",
	[NO_CLOCK] = "UPDATE destination SET not_before = 0"
		     " WHERE id = ?",
	[ALL_GROUPS] = "UPDATE grp SET next_try = ?1"
		       " WHERE state = 3 AND next_try > ?1",
	[ALL_CLOCKS] = "UPDATE destination SET not_before = 0,"
		       " wake = max(?1, coalesce(suspended, 0))"
		       " WHERE wake > ?1",
	[ALL_SUSPENDED] = "SELECT count(*) FROM destination"
			  " WHERE wake IS NOT NULL AND suspended > ?",
};

static struct {
	struct sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
} order;

void
order_prepare(struct sqlite3 *db)
{
	order.db = db;
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &order.statements[i],
			NULL) != SQLITE_OK)
			fatal("queue.db: %s", sqlite3_errmsg(db));
}

static bool
try_now(const int64_t state[4], int64_t destination, int64_t now)
{
	return sql_numbers(order.statements[SET_STATE], state, 4) &&
	       sql_wake_at(destination, now);
}

struct order_row {
	int64_t n, state, destination, suspended;
};

/* Its destination's clock is reset. */
static bool
wake(struct store_order *o, int64_t destination)
{
	for (size_t i = 0; i < o->nwoken; i++)
		if (o->woken[i] == destination)
			return true;
	if ((o->nwoken & (o->nwoken - 1)) == 0)
		o->woken = mem_grow(o->woken,
		    o->nwoken == 0 ? 1 : o->nwoken * 2, sizeof(*o->woken));
	o->woken[o->nwoken++] = destination;
	return sql_numbers(order.statements[NO_CLOCK], &destination, 1);
}

/* What an order does to one group; false: the database failed. */
static bool
order_group(struct store_order *o, const struct order_row *row)
{
	enum group_state state = (enum group_state)row->state;
	int64_t destination = row->destination;
	uint32_t n = (uint32_t)row->n;
	const int64_t hold[] = { GROUP_HELD, 0, (int64_t)o->id, n };
	const int64_t go[] = { GROUP_WAITING, o->now, (int64_t)o->id, n };

	for (size_t i = 0; i < o->nbusy; i++)
		if (o->busy[i] == n)
			return true;
	if ((o->verb == ORDER_HOLD && state == GROUP_HELD) ||
	    (o->verb == ORDER_RELEASE && state != GROUP_HELD) ||
	    (o->verb == ORDER_RETRY && state != GROUP_WAITING))
		return true;
	if (o->verb == ORDER_RELEASE && destination == 0) {
		o->unrouted = mem_grow(
		    o->unrouted, o->nunrouted + 1, sizeof(*o->unrouted));
		o->unrouted[o->nunrouted++] = n;
		return true;
	}
	o->touched++;
	if (row->suspended > o->now &&
	    (o->verb == ORDER_RETRY || o->verb == ORDER_RELEASE))
		o->nsuspended++;
	switch (o->verb) {
	case ORDER_REMOVE:
		return sql_drop_group(o->id, n);
	case ORDER_HOLD:
		return sql_numbers(order.statements[SET_STATE], hold, 4);
	case ORDER_RETRY:
		return wake(o, destination) && try_now(go, destination, o->now);
	case ORDER_BOUNCE: /* queue/giveup.c */
		break;
	case ORDER_RELEASE:
		return try_now(go, destination, o->now);
	}
	return false;
}

/* The groups of a message, read before any of them is changed. */
static bool
order_groups(struct store_order *o)
{
	sqlite3_stmt *s = order.statements[ORDER_ROWS];
	struct order_row *rows = NULL;
	size_t n = 0, size = 0;
	bool fine;
	int code;

	sqlite3_bind_int64(s, 1, (int64_t)o->id);
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		if (n == size) {
			size = size == 0 ? 16 : size * 2;
			rows = mem_grow(rows, size, sizeof(*rows));
		}
		rows[n].n = sqlite3_column_int64(s, 0);
		rows[n].state = sqlite3_column_int64(s, 1);
		rows[n].destination = sqlite3_column_int64(s, 2);
		rows[n].suspended = sqlite3_column_int64(s, 3);
		n++;
	}
	sqlite3_reset(s);
	fine = code == SQLITE_DONE;
	for (size_t i = 0; i < n && fine; i++)
		fine = order_group(o, &rows[i]);
	mem_free(rows);
	return fine;
}

/* Every waiting group and every destination's clock: now. */
static bool
order_all(struct store_order *o)
{
	const int64_t now[] = { o->now };
	sqlite3_stmt *s = order.statements[ALL_SUSPENDED];

	if (!sql_numbers(order.statements[ALL_GROUPS], now, 1))
		return false;
	o->touched = (uint32_t)sqlite3_changes(order.db);
	if (!sql_numbers(order.statements[ALL_CLOCKS], now, 1))
		return false;
	sqlite3_bind_int64(s, 1, o->now);
	if (sqlite3_step(s) == SQLITE_ROW)
		o->nsuspended = (uint32_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return true;
}

bool
sql_apply_order(struct store_order *o, struct store_removals *removals)
{
	struct store_owner owner;

	/* it may be written anew, without another of its batch that failed */
	o->touched = o->nsuspended = 0;
	o->nunrouted = o->nwoken = 0;
	if (o->id == 0) {
		/* every destination is looked at now */
		o->known = true;
		o->allowed = o->operator_ && o->verb == ORDER_RETRY;
		if (!o->allowed)
			return true;
		return order_all(o);
	}
	if (!read_owner(o->id, &owner))
		return false;
	o->known = owner.known;
	o->allowed = o->operator_ || owner.uid == (int64_t)o->uid;
	if (!o->known || !o->allowed)
		return true;
	return order_groups(o) &&
	       (o->verb != ORDER_REMOVE ||
		   sql_drop_message(o->id, owner.shard, removals));
}
