/* SPDX-License-Identifier: ISC */
/* queue/store_groups.c - the groups of one message, whatever their state.
 *
 * A piece at a time, none later than the last one at the first piece: what is
 * made of them meanwhile gets higher numbers.
 */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "queue/store_int.h"

#include <sqlite3.h>

enum statement { LAST, NEXT, STATEMENTS };

static const char *const texts[STATEMENTS] = {
	[LAST] = "SELECT coalesce(max(n), 0) FROM grp WHERE message = ?",
	[NEXT] = "SELECT n FROM grp WHERE message = ?1 AND n > ?2 AND n <= ?3"
		 " ORDER BY n LIMIT 1",
};

static sqlite3_stmt *statements[STATEMENTS];

void
groups_prepare(struct sqlite3 *db)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &statements[i],
			NULL) != SQLITE_OK)
			fatal("queue.db: %s", sqlite3_errmsg(db));
}

/* A number, or 0 if there is no row; false: the database failed. */
static bool
number(enum statement which, const struct store_groups *m, uint32_t *out)
{
	sqlite3_stmt *s = statements[which];
	int code;

	*out = 0;
	sqlite3_bind_int64(s, 1, (int64_t)m->message);
	if (which == NEXT) {
		sqlite3_bind_int64(s, 2, m->after);
		sqlite3_bind_int64(s, 3, m->upto);
	}
	code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*out = (uint32_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool
collect(struct store_groups *m, uint32_t n)
{
	struct store_get get = { .message = m->message, .n = n };

	if (!read_get(&get))
		return false;
	if (get.group == NULL) {
		m->ndamaged++;
		return true;
	}
	m->groups = mem_grow(m->groups, m->n + 1, sizeof(struct group *));
	m->groups[m->n++] = get.group;
	m->nrcpts += get.group->nrcpts;
	return true;
}

bool
read_groups(struct store_groups *m)
{
	struct store_owner owner;
	uint32_t n;

	if (!read_owner(m->message, &owner))
		return false;
	m->known = owner.known;
	m->allowed = m->operator_ || owner.uid == (int64_t)m->uid;
	m->finished = !m->known || !m->allowed;
	if (!m->finished && m->upto == 0 && !number(LAST, m, &m->upto))
		return false;
	while (!m->finished && m->nrcpts < AGE_RCPTS) {
		if (!number(NEXT, m, &n))
			return false;
		m->finished = n == 0;
		if (m->finished)
			break;
		if (!collect(m, n))
			return false;
		m->after = n;
	}
	return true;
}
