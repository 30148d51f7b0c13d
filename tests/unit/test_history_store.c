/* SPDX-License-Identifier: ISC */
/* tests/unit/test_history_store.c - history.db: rows, interning, retention,
 * damage.
 */
#include "queue/history_store.h"

#include "queue/history_schema.h"
#include "tests/unit/check.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/postern-history-XXXXXX";

static const struct past_limits wide = { .keep_ms = 1000000, .bytes = 1 << 30 };

static long long
number(const char *sql)
{
	struct sqlite3 *db;
	sqlite3_stmt *s;
	long long n = -1;

	assert_int_equal(sqlite3_open("history.db", &db), SQLITE_OK);
	check_int(sql, sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	if (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static void
fresh(void)
{
	(void)unlink("history.db");
	(void)unlink("history.db-wal");
	(void)unlink("history.db-shm");
	(void)unlink("history.db.damaged");
}

static void
tell_message(struct past *p, uint64_t id, int64_t at, const char *sender)
{
	struct msg_past_message m = { .id = id,
		.received = at,
		.uid = UINT32_MAX,
		.message_id = "<m@x>" };

	snprintf(m.sender, sizeof(m.sender), "%s", sender);
	past_message(p, &m);
}

static void
tell_rcpt(struct past *p, uint64_t id, uint32_t n, const char *address)
{
	struct msg_past_rcpt m = { .id = id, .group = 1, .n = n };

	snprintf(m.address, sizeof(m.address), "%s", address);
	past_rcpt(p, &m);
}

static void
tell_event(struct past *p, uint64_t id, enum past_kind kind, uint32_t n)
{
	struct msg_past_event m = { .id = id,
		.at = 77,
		.kind = (uint8_t)kind,
		.group = 1,
		.n = n,
		.count = 1,
		.uid = UINT32_MAX,
		.smtp = 451,
		.subject = 4,
		.detail = 1,
		.host = "mx.example",
		.tls = "T C dane",
		.address = "late@d.example",
		.text = "busy" };

	past_event(p, &m);
}

static const struct {
	const char *sql;
	long long want;
} rows[] = {
	{ "SELECT count(*) FROM message", 2 },
	{ "SELECT count(*) FROM address", 4 }, /* s, r, q, late */
	{ "SELECT count(*) FROM message m JOIN address a ON a.id = m.sender"
	  " WHERE a.text = 's@x.example'",
	    2 },
	{ "SELECT count(*) FROM recipient", 4 },
	{ "SELECT fate FROM recipient WHERE message = 7 AND n = 1",
	    PAST_DELIVERED },
	{ "SELECT fate IS NULL FROM recipient WHERE message = 7 AND n = 2", 1 },
	/* its beginning was never told */
	{ "SELECT fate FROM recipient WHERE message = 9 AND n = 5",
	    PAST_BOUNCED },
	/* removed as a whole, but for what was done before */
	{ "SELECT fate FROM recipient WHERE message = 8", PAST_REMOVED },
	{ "SELECT count(*) FROM event WHERE message = 7 AND seq IN (1, 2)", 2 },
	{ "SELECT count(*) FROM event WHERE reply = '451 4.4.1 busy'"
	  " AND host = 'mx.example' AND kind = 2",
	    2 },
	{ "SELECT value FROM meta WHERE key = 'lost'", 3 },
	{ "PRAGMA user_version", HISTORY_VERSION },
	{ "PRAGMA integrity_check", 0 }, /* "ok" */
};

static void
test_rows(void **state)
{
	struct past *p = past_new(&wide);

	(void)state;
	fresh();
	tell_message(p, 7, 10, "s@x.example");
	tell_rcpt(p, 7, 1, "r@d.example");
	tell_rcpt(p, 7, 2, "q@d.example");
	tell_event(p, 7, PAST_DEFERRED, 1);
	tell_event(p, 7, PAST_DEFERRED, 1);
	tell_event(p, 7, PAST_DELIVERED, 1);
	tell_message(p, 8, 10, "s@x.example");
	tell_rcpt(p, 8, 1, "r@d.example");
	tell_event(p, 8, PAST_REMOVED, 0);
	tell_event(p, 9, PAST_BOUNCED, 5);
	past_lost(p, 3);
	past_commit(p);
	for (size_t i = 0; i < nitems(rows); i++)
		check_int(rows[i].sql, number(rows[i].sql), rows[i].want);
	past_free(p);
}

/* What is not committed is gone with the process; the rest is not. */
static void
test_uncommitted(void **state)
{
	struct past *p = past_new(&wide);

	(void)state;
	fresh();
	tell_message(p, 1, 10, "s@x");
	past_commit(p);
	tell_message(p, 2, 10, "s@x");
	past_free(p);
	p = past_new(&wide);
	tell_message(p, 3, 10, "s@x");
	past_commit(p);
	past_free(p);
	assert_int_equal(number("SELECT sum(id) FROM message"), 4);
}

static void
test_keep(void **state)
{
	const struct past_limits limits = { .keep_ms = 1000, .bytes = 1 << 30 };
	struct past *p = past_new(&limits);
	char address[64];

	(void)state;
	fresh();
	for (uint64_t i = 1; i <= 3000; i++) {
		tell_message(p, i, (int64_t)i, "s@x");
		snprintf(address, sizeof(address), "r%d@d", (int)i);
		tell_rcpt(p, i, 1, address);
		tell_event(p, i, PAST_DEFERRED, 1);
	}
	past_commit(p);
	/* those before 2500 are too old, a thousand at a time */
	assert_true(past_trim(p, 3500));
	assert_int_equal(number("SELECT min(id) FROM message"), 1001);
	for (int i = 0; i < 10; i++)
		(void)past_trim(p, 3500);
	assert_int_equal(number("SELECT min(id) FROM message"), 2500);
	assert_int_equal(number("SELECT min(message) FROM recipient"), 2500);
	assert_int_equal(number("SELECT min(message) FROM event"), 2500);
	/* s@x and late@d.example too; the latter only events refer to */
	assert_int_equal(number("SELECT count(*) FROM address"), 502);
	past_free(p);
}

static void
test_size(void **state)
{
	const struct past_limits limits = { .keep_ms = INT64_MAX / 2,
		.bytes = 1 << 20 };
	struct past *p = past_new(&limits);
	char address[64];
	struct stat st;

	(void)state;
	fresh();
	for (uint64_t i = 1; i <= 20000; i++) {
		tell_message(p, i, (int64_t)i, "s@x");
		snprintf(address, sizeof(address), "r%d@d", (int)i);
		tell_rcpt(p, i, 1, address);
	}
	past_commit(p);
	assert_true(number("PRAGMA page_count") * 4096 > 2 << 20);
	for (int i = 0; i < 60; i++)
		(void)past_trim(p, 20000);
	assert_true(number("PRAGMA page_count") * 4096 <= 1 << 20);
	assert_true(number("SELECT count(*) FROM message") > 1000);
	assert_int_equal(number("SELECT max(id) FROM message"), 20000);
	past_free(p);
	assert_int_equal(stat("history.db", &st), 0);
}

static void
overwrite(const char *text)
{
	FILE *f = fopen("history.db", "w");

	assert_non_null(f);
	for (int i = 0; i < 1000; i++)
		fputs(text, f);
	fclose(f);
}

static void
test_damaged(void **state)
{
	struct past *p = past_new(&wide);

	(void)state;
	fresh();
	overwrite("no database ");
	tell_message(p, 1, 10, "s@x"); /* meets it and is lost */
	tell_message(p, 2, 10, "s@x");
	past_commit(p);
	past_free(p);
	assert_int_equal(number("SELECT id FROM message"), 2);
	assert_int_equal(
	    number("SELECT value FROM meta WHERE key = 'lost'"), 1);
	assert_int_equal(access("history.db.damaged", F_OK), 0);
}

static void
test_foreign(void **state)
{
	struct past *p = past_new(&wide);

	(void)state;
	fresh();
	(void)number("PRAGMA user_version = 99");
	tell_message(p, 1, 10, "s@x");
	past_commit(p);
	(void)past_trim(p, 0);
	past_free(p);
	assert_int_equal(number("PRAGMA user_version"), 99);
	assert_int_equal(number("SELECT count(*) FROM sqlite_schema"), 0);
}

/* What version 1 has told is there, and what comes is told beside it. */
static void
test_upgrade(void **state)
{
	struct past *p = past_new(&wide);
	sqlite3 *db;

	(void)state;
	fresh();
	assert_int_equal(sqlite3_open("history.db", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, history_tables, NULL, NULL, NULL), 0);
	assert_int_equal(
	    sqlite3_exec(
		db, "INSERT INTO address VALUES(1, 'old@x')", NULL, NULL, NULL),
	    0);
	sqlite3_close(db);
	tell_message(p, 1, 10, "s@x");
	tell_rcpt(p, 1, 1, "r@x");
	tell_event(p, 1, PAST_DELIVERED, 1);
	past_commit(p);
	past_free(p);
	assert_int_equal(number("PRAGMA user_version"), HISTORY_VERSION);
	assert_int_equal(number("SELECT count(*) FROM address"), 3);
	assert_int_equal(
	    number("SELECT count(*) FROM recipient WHERE tls = 'T C dane'"), 1);
}

static void
test_hash(void **state)
{
	(void)state;
	assert_true(
	    history_hash(view_of("<a@b>")) == history_hash(view_of(" a@b ")));
	assert_false(
	    history_hash(view_of("<a@b>")) == history_hash(view_of("<a@c>")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_uncommitted),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_hash),
	};
	int failed;

	if (mkdtemp(folder) == NULL || chdir(folder) == -1)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fresh();
	(void)rmdir(folder);
	return failed;
}
