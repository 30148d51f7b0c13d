/* SPDX-License-Identifier: ISC */
/* tests/unit/test_forget.c - which rows of destinations go when queue starts.
 */
#include "common/base/clock.h"
#include "queue/schema.h"
#include "queue/store_int.h"

#include "tests/unit/check.h"

#include <sqlite3.h>
#include <stdio.h>

#define DAY INT64_C(86400000)
#define NOW (INT64_C(400) * DAY)

static struct sqlite3 *db;

static void
sql(const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
}

static int64_t
number(const char *text)
{
	sqlite3_stmt *s;
	int64_t n;

	if (sqlite3_prepare_v2(db, text, -1, &s, NULL) != SQLITE_OK ||
	    sqlite3_step(s) != SQLITE_ROW)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

static int
set_up(void **state)
{
	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	schema_migrate(db);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sqlite3_close(db);
	return 0;
}

struct row {
	const char *name;
	int state; /* of a group for it; 0: none */
	int64_t wake, suspended;
	int failures;
	int64_t not_before, told;
	bool goes;
};

/* clang-format off */
static const struct row rows[] = {
	{ "idle", 0, 0, 0, 0, 0, 0, true },
	{ "fresh", 2, 0, 0, 0, 0, 0, false },
	{ "waiting", 3, 5, 0, 0, 0, 0, false },
	{ "held", 1, 0, 0, 0, 0, 0, false },
	{ "of no state", 9, 0, 0, 0, 0, 0, false },
	{ "to be looked at", 0, 5, 0, 0, 0, 0, false },
	{ "suspended", 0, 0, NOW + DAY, 0, 0, 0, false },
	{ "suspended till lately", 0, 0, NOW - DAY, 0, 0, 0, false },
	{ "asleep", 0, 0, 0, 3, NOW + 1, 0, false },
	{ "failed lately", 0, 0, 0, 3, NOW - 29 * DAY, 0, false },
	{ "failed once", 0, 0, 0, 3, NOW - 31 * DAY, 0, true },
	{ "paused", 0, 0, 0, 0, NOW + 1, 0, false },
	{ "told lately", 0, 0, 0, 0, 0, NOW - DAY, false },
	{ "told once", 0, 0, 0, 0, 0, NOW - DAY - 1, true },
	{ "last", 0, 0, 0, 0, 0, 0, false },
};
/* clang-format on */

static void
test_rows(void **state)
{
	char text[512];

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		const struct row *r = &rows[i];

		snprintf(text, sizeof(text),
		    "INSERT INTO destination(id, transport, host, port, wake,"
		    " suspended, failures, not_before, told) VALUES(%zu, 1,"
		    " '%s', 25, nullif(%lld, 0), nullif(%lld, 0), %d, %lld,"
		    " %lld)",
		    i + 1, r->name, (long long)r->wake, (long long)r->suspended,
		    r->failures, (long long)r->not_before, (long long)r->told);
		sql(text);
		snprintf(text, sizeof(text),
		    "INSERT INTO grp VALUES(%zu, 1, %zu, %d, 0, 0, NULL)",
		    i + 1, i + 1, r->state);
		if (r->state != 0)
			sql(text);
	}
	for (int twice = 0; twice < 2; twice++) {
		destinations_forget(db, NOW);
		for (size_t i = 0; i < nitems(rows); i++) {
			snprintf(text, sizeof(text),
			    "SELECT count(*) FROM destination WHERE id = %zu",
			    i + 1);
			check_int(rows[i].name, number(text), !rows[i].goes);
		}
	}
}

/* Not all of very many at a time, and none while many groups are there. */
static void
test_bounds(void **state)
{
	(void)state;
	sql("WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM c"
	    " WHERE n < 100001) INSERT INTO grp SELECT n, 1, 1, 3, 0, 0, NULL"
	    " FROM c");
	sql("WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM c"
	    " WHERE n < 30002) INSERT INTO destination(id, transport, host,"
	    " port) SELECT n, 1, 'h' || n, 25 FROM c");
	destinations_forget(db, NOW);
	check_int(
	    "many groups", number("SELECT count(*) FROM destination"), 30002);
	sql("DELETE FROM grp WHERE message = 1");
	destinations_forget(db, NOW);
	check_int("a part", number("SELECT count(*) FROM destination"), 10002);
	destinations_forget(db, NOW);
	check_int("the rest", number("SELECT count(*) FROM destination"), 2);
	check_int("used", number("SELECT min(id) FROM destination"), 1);
}

/* A database that cannot be written is left as it is. */
static void
test_refused(void **state)
{
	(void)state;
	sql("INSERT INTO destination(transport, host, port) VALUES(1, 'a', 25),"
	    " (1, 'b', 25)");
	sql("PRAGMA query_only = 1");
	destinations_forget(db, NOW);
	check_int("rows", number("SELECT count(*) FROM destination"), 2);
	check_int("no transaction", sqlite3_get_autocommit(db), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
