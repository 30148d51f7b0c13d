/* SPDX-License-Identifier: ISC */
/* queue/schema.c - queue.db: opening it, its tables, its version. */
#include "queue/schema.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "queue/spool.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>

enum { BUSY_PAUSE_MS = 5, BUSY_TRIES = 2000 };

/*
 * message, grp and recipient are kept in the order of message ids, so that
 * what arrives is appended.  Fresh mail pays for one small partial index;
 * only deferred mail pays for the second one.
 */
static const char first[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE message("
    " id INTEGER PRIMARY KEY,"
    " shard INTEGER NOT NULL,"
    " size INTEGER NOT NULL,"
    " received INTEGER NOT NULL," /* wall clock, ms */
    " class INTEGER NOT NULL,"    /* enum peer_class */
    " uid INTEGER,"               /* of a local submitter */
    " flags INTEGER NOT NULL,"
    " sender TEXT NOT NULL," /* '' is the null sender */
    " client TEXT NOT NULL,"
    " helo TEXT NOT NULL,"
    " message_id TEXT NOT NULL,"
    " prefix BLOB);" /* sent before the body; for what is added later */
    "CREATE TABLE grp("
    " message INTEGER NOT NULL,"
    " n INTEGER NOT NULL,"
    " destination INTEGER NOT NULL,"
    " state INTEGER NOT NULL," /* enum group_state */
    " next_try INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL,"
    " error TEXT,"
    " PRIMARY KEY(message, n)) WITHOUT ROWID;"
    "CREATE INDEX grp_fresh ON grp(message) WHERE state = 2;"
    "CREATE INDEX grp_waiting ON grp(destination, next_try)"
    " WHERE state = 3;"
    "CREATE TABLE recipient("
    " message INTEGER NOT NULL,"
    " grp INTEGER NOT NULL,"
    " n INTEGER NOT NULL,"
    " address TEXT NOT NULL,"
    " original TEXT," /* before expansion, NULL when the same */
    " error TEXT,"
    " PRIMARY KEY(message, grp, n)) WITHOUT ROWID;"
    "CREATE TABLE destination("
    " id INTEGER PRIMARY KEY,"
    " transport INTEGER NOT NULL,"
    " host TEXT NOT NULL,"
    " port INTEGER NOT NULL,"
    " not_before INTEGER NOT NULL DEFAULT 0," /* its clock, ms */
    " failures INTEGER NOT NULL DEFAULT 0,"
    " error TEXT,"
    " wake INTEGER," /* when a waiting group is due; NULL: none waits */
    " UNIQUE(transport, host, port));"
    "CREATE INDEX destination_wake ON destination(wake)"
    " WHERE wake IS NOT NULL;";

/* What a message and a recipient asked for (RFC 3461); what an operator said
 * of a destination. */
static const char second[] =
    "ALTER TABLE message ADD COLUMN envid TEXT;" /* ENVID, decoded */
    "ALTER TABLE message ADD COLUMN login TEXT;" /* who had logged in */
    "ALTER TABLE message ADD COLUMN ret INTEGER NOT NULL DEFAULT 0;"
    /* 1: its sender was told of the delay, or is not to be */
    "ALTER TABLE message ADD COLUMN warned INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE recipient ADD COLUMN notify INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE recipient ADD COLUMN orcpt TEXT;" /* "type;address" */
    /* wall clock, ms, until when nothing is tried; NULL: not suspended */
    "ALTER TABLE destination ADD COLUMN suspended INTEGER;"
    "ALTER TABLE destination ADD COLUMN suspend_reason TEXT;"
    /* when the postmaster was told that it refuses our login: wall clock,
     * ms */
    "ALTER TABLE destination ADD COLUMN told INTEGER NOT NULL DEFAULT 0;";

/* Version n is made from n - 1 by the n-th of them. */
static const char *const versions[SCHEMA_VERSION] = { first, second };

static const char settings[] = "PRAGMA journal_mode = WAL;"
			       "PRAGMA synchronous = FULL;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA wal_autocheckpoint = 0;"
			       "PRAGMA journal_size_limit = -1;"
			       "PRAGMA trusted_schema = 0;"
			       "PRAGMA cell_size_check = 1;"
			       "PRAGMA mmap_size = 0;"
			       "PRAGMA cache_size = -16384;";

static void
must(struct sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fatal_code(EX_OSERR, "queue.db: %s", sqlite3_errmsg(db));
}

static int64_t
ask_number(struct sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;
	int64_t n;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK ||
	    sqlite3_step(s) != SQLITE_ROW)
		fatal_code(EX_OSERR, "queue.db: %s", sqlite3_errmsg(db));
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

void
schema_migrate(struct sqlite3 *db)
{
	int64_t version = ask_number(db, "PRAGMA user_version");
	char set[64];

	if (version > SCHEMA_VERSION)
		fatal_code(EX_CONFIG,
		    "queue.db has version %d, made by a newer postern; "
		    "this one knows %d",
		    (int)version, SCHEMA_VERSION);
	if (version < 0)
		fatal_code(EX_DATAERR, "queue.db has no version: damaged");
	if (version == SCHEMA_VERSION)
		return;
	must(db, "BEGIN IMMEDIATE");
	for (size_t i = (size_t)version; i < SCHEMA_VERSION; i++)
		must(db, versions[i]);
	snprintf(set, sizeof(set), "PRAGMA user_version = %d", SCHEMA_VERSION);
	must(db, set);
	must(db, "COMMIT");
}

/*
 * A log that was written once is overwritten in place from then on, which
 * costs a third of the flush of a growing one.  A full disk has no room for
 * that: the queue starts all the same, for what it delivers makes room.
 */
static void
grow_log(struct sqlite3 *db)
{
	static const char *const steps[] = { "BEGIN IMMEDIATE",
		"INSERT OR REPLACE INTO meta VALUES('grow', zeroblob(4194304))",
		"COMMIT", "DELETE FROM meta WHERE key = 'grow'",
		"PRAGMA wal_checkpoint(RESTART)" };
	bool fine = true;

	for (size_t i = 0; i < nitems(steps) && fine; i++)
		fine =
		    sqlite3_exec(db, steps[i], NULL, NULL, NULL) == SQLITE_OK;
	if (fine)
		return;
	log_warn("queue.db: the log does not grow: %s", sqlite3_errmsg(db));
	if (!sqlite3_get_autocommit(db))
		must(db, "ROLLBACK");
}

/* A reader may be putting the log of a killed queue in order at this moment. */
static int
on_busy(void *arg, int times)
{
	const struct timespec pause = { 0, BUSY_PAUSE_MS * 1000000L };

	(void)arg;
	nanosleep(&pause, NULL);
	return times < BUSY_TRIES;
}

struct sqlite3 *
schema_open(void)
{
	struct sqlite3 *db;
	int keep = 1;

	if (sqlite3_open_v2("queue.db", &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		    SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		fatal_code(EX_CANTCREAT, "queue.db: %s", sqlite3_errmsg(db));
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_busy_handler(db, on_busy, NULL);
	must(db, settings);
	schema_migrate(db);
	sqlite3_busy_handler(db, NULL, NULL);
	/* a reader under another account cannot make -wal and -shm */
	sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	grow_log(db);
	return db;
}

uint64_t
schema_instance(struct sqlite3 *db)
{
	must(db, "INSERT INTO meta VALUES('instance', 1)"
		 " ON CONFLICT(key) DO UPDATE SET value = value + 1");
	return (uint64_t)ask_number(
	    db, "SELECT value FROM meta WHERE key = 'instance'");
}

/* Runs a statement with one integer bound. */
static void
with_number(struct sqlite3 *db, const char *sql, int64_t n)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK ||
	    sqlite3_bind_int64(s, 1, n) != SQLITE_OK ||
	    sqlite3_step(s) != SQLITE_DONE)
		fatal_code(EX_OSERR, "queue.db: %s", sqlite3_errmsg(db));
	sqlite3_finalize(s);
}

static uint64_t
next_id(struct sqlite3 *db)
{
	return (uint64_t)ask_number(
	    db, "SELECT value FROM meta WHERE key = 'next_id'");
}

uint64_t
schema_ids(struct sqlite3 *db)
{
	with_number(db,
	    "UPDATE meta SET value = value + ? WHERE key = 'next_id'",
	    ID_BLOCK);
	return next_id(db) - ID_BLOCK;
}

uint64_t
schema_first_id(struct sqlite3 *db, uint32_t last_shard, uint64_t *birth)
{
	int64_t above = ((int64_t)last_shard + 1) * SHARD_IDS;

	int64_t slack = SHARD_IDS;

	with_number(
	    db, "INSERT OR IGNORE INTO meta VALUES('next_id', ?)", ID_FIRST);
	if (sqlite3_changes(db) > 0)
		slack = 0; /* a new database: no file is ours */
	with_number(
	    db, "INSERT OR IGNORE INTO meta VALUES('birth_id', ?)", ID_FIRST);
	/* the block reserved last reaches into shards that have no folder */
	if (last_shard > 0 && above > (int64_t)next_id(db) + slack) {
		with_number(db,
		    "UPDATE meta SET value = ? WHERE key = 'next_id'", above);
		with_number(db,
		    "UPDATE meta SET value = ? WHERE key = 'birth_id'", above);
	}
	*birth = (uint64_t)ask_number(
	    db, "SELECT value FROM meta WHERE key = 'birth_id'");
	return schema_ids(db);
}
