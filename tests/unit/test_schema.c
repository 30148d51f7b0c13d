/* SPDX-License-Identifier: ISC */
/* tests/unit/test_schema.c - queue.db made new, brought up to date, refused. */
#include "queue/schema.h"

#include "tests/unit/check.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static char folder[] = "/tmp/postern-schema-XXXXXX";

/* Version 1 as it was, with a message in it: never to be changed. */
static const char version_1[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE message(id INTEGER PRIMARY KEY, shard INTEGER NOT NULL,"
    " size INTEGER NOT NULL, received INTEGER NOT NULL,"
    " class INTEGER NOT NULL, uid INTEGER, flags INTEGER NOT NULL,"
    " sender TEXT NOT NULL, client TEXT NOT NULL, helo TEXT NOT NULL,"
    " message_id TEXT NOT NULL, prefix BLOB);"
    "CREATE TABLE grp(message INTEGER NOT NULL, n INTEGER NOT NULL,"
    " destination INTEGER NOT NULL, state INTEGER NOT NULL,"
    " next_try INTEGER NOT NULL, attempts INTEGER NOT NULL, error TEXT,"
    " PRIMARY KEY(message, n)) WITHOUT ROWID;"
    "CREATE INDEX grp_fresh ON grp(message) WHERE state = 2;"
    "CREATE INDEX grp_waiting ON grp(destination, next_try)"
    " WHERE state = 3;"
    "CREATE TABLE recipient(message INTEGER NOT NULL, grp INTEGER NOT NULL,"
    " n INTEGER NOT NULL, address TEXT NOT NULL, original TEXT, error TEXT,"
    " PRIMARY KEY(message, grp, n)) WITHOUT ROWID;"
    "CREATE TABLE destination(id INTEGER PRIMARY KEY,"
    " transport INTEGER NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL,"
    " not_before INTEGER NOT NULL DEFAULT 0,"
    " failures INTEGER NOT NULL DEFAULT 0, error TEXT, wake INTEGER,"
    " UNIQUE(transport, host, port));"
    "CREATE INDEX destination_wake ON destination(wake)"
    " WHERE wake IS NOT NULL;"
    "PRAGMA user_version = 1;"
    "INSERT INTO destination(id, transport, host, port)"
    " VALUES(1, 1, 'd.example', 25);"
    "INSERT INTO message VALUES(7, 0, 5, 6, 1, NULL, 0, 's@x', '', '', '',"
    " NULL);"
    "INSERT INTO grp VALUES(7, 1, 1, 3, 9, 2, 'later');"
    "INSERT INTO recipient VALUES(7, 1, 1, 'r@y', 'o@y', NULL);";

static void
sql(struct sqlite3 *db, const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
}

static long long
number(struct sqlite3 *db, const char *text)
{
	sqlite3_stmt *s;
	long long n;

	if (sqlite3_prepare_v2(db, text, -1, &s, NULL) != SQLITE_OK ||
	    sqlite3_step(s) != SQLITE_ROW)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

/* In a folder of its own, with that text run on queue.db first. */
static void
begin(const char *text)
{
	struct sqlite3 *db;

	(void)remove("queue.db");
	(void)remove("queue.db-wal");
	(void)remove("queue.db-shm");
	assert_int_equal(sqlite3_open("queue.db", &db), SQLITE_OK);
	sql(db, text);
	sqlite3_close(db);
}

/* The tables of a database that was brought up to date are those of a new
 * one. */
static void
test_upgrade_gives_what_a_new_one_has(void **state)
{
	struct sqlite3 *db;
	long long columns;

	(void)state;
	begin("");
	db = schema_open();
	columns = number(db, "SELECT count(*) FROM sqlite_schema s,"
			     " pragma_table_info(s.name)");
	sqlite3_close(db);
	begin(version_1);
	db = schema_open();
	check_int("version", number(db, "PRAGMA user_version"), SCHEMA_VERSION);
	check_int("columns",
	    number(db, "SELECT count(*) FROM sqlite_schema s,"
		       " pragma_table_info(s.name)"),
	    columns);
	sqlite3_close(db);
}

static void
test_upgrade_keeps_mail(void **state)
{
	struct sqlite3 *db;

	(void)state;
	begin(version_1);
	db = schema_open();
	check_int("message",
	    number(db, "SELECT count(*) FROM message WHERE id = 7 AND ret = 0"
		       " AND warned = 0 AND envid IS NULL AND size = 5"),
	    1);
	check_int("recipient",
	    number(db, "SELECT count(*) FROM recipient WHERE address = 'r@y'"
		       " AND original = 'o@y' AND notify = 0"
		       " AND orcpt IS NULL"),
	    1);
	check_int("destination",
	    number(db, "SELECT count(*) FROM destination"
		       " WHERE suspended IS NULL AND host = 'd.example'"),
	    1);
	sqlite3_close(db);
	db = schema_open(); /* and once more, as it is now */
	check_int("again", number(db, "SELECT count(*) FROM grp"), 1);
	sqlite3_close(db);
}

/* The exit code of a process that opens it. */
static int
refused(const char *text)
{
	int status;
	pid_t pid;

	begin(text);
	pid = fork();
	if (pid == 0) {
		schema_open();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_refuses(void **state)
{
	(void)state;
	check_int("newer", refused("PRAGMA user_version = 99"), EX_CONFIG);
	check_int("below", refused("PRAGMA user_version = -1"), EX_DATAERR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upgrade_gives_what_a_new_one_has),
		cmocka_unit_test(test_upgrade_keeps_mail),
		cmocka_unit_test(test_refuses),
	};
	int failed;

	if (mkdtemp(folder) == NULL || chdir(folder) == -1)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	begin("");
	(void)remove("queue.db");
	if (chdir("/") == 0)
		(void)rmdir(folder);
	return failed;
}
