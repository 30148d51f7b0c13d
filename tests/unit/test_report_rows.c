/* SPDX-License-Identifier: ISC */
/* tests/unit/test_report_rows.c - queue.db read in slices. */
#include "queue/report_rows.h"

#include "queue/schema.h"
#include "tests/unit/check.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static char folder[] = "/tmp/postern-rows-XXXXXX";

/* What came out, and when it pretends to be full. */
struct out {
	size_t rows, rcpts, since;
	size_t full_after; /* frames in one slice; 0: never */
	uint64_t last;
	struct msg_row row;
	struct msg_row_rcpt rcpt;
};

static void
take_row(void *arg, const struct msg_row *m)
{
	struct out *o = arg;

	assert_true(m->id > o->last); /* in order, and none twice */
	o->last = m->id;
	o->row = *m;
	o->rows++;
	o->since++;
}

static void
take_rcpt(void *arg, const struct msg_row_rcpt *m)
{
	struct out *o = arg;

	o->rcpt = *m;
	o->rcpts++;
	o->since++;
}

static bool
is_full(void *arg)
{
	const struct out *o = arg;

	return o->full_after > 0 && o->since >= o->full_after;
}

static enum rows_result
run(struct rows *r, struct rows_ask *ask, struct out *o)
{
	const struct rows_out out = { take_row, take_rcpt, is_full, o };
	enum rows_result result;

	do {
		o->since = 0;
		result = rows_slice(r, ask, &out);
	} while (result == ROWS_GO_ON);
	return result;
}

static void
sql(struct sqlite3 *db, const char *text)
{
	char *error = NULL;

	if (sqlite3_exec(db, text, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", text, error);
}

/* 40 messages; every fourth of uid 1000; one of them has 500 recipients. */
static void
fill(struct sqlite3 *db)
{
	sql(db,
	    "INSERT INTO destination(id, transport, host, port,"
	    " not_before, error) VALUES(1, 1, 'd.example', 25, 0, ''),"
	    " (2, 2, '[192.0.2.1]', 2525, 9000, 'no route');"
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM"
	    " n WHERE i < 40) INSERT INTO message(id, shard, size, received,"
	    " class, uid, flags, sender, client, helo, message_id) SELECT 100 "
	    "+ i, 1, i, i,"
	    " 1, CASE WHEN i % 4 = 0 THEN 1000 END, 0, 's' || i || '@x',"
	    " '192.0.2.9', 'helo', '<' || i || '@x>' FROM n;"
	    "INSERT INTO grp SELECT id, 1, 1, 3, 5000, 2, 'later' FROM"
	    " message;"
	    "INSERT INTO grp SELECT id, 2, 2, 3, 5000, 1, NULL FROM message"
	    " WHERE id = 120;"
	    "INSERT INTO recipient(message, grp, n, address) SELECT id, 1, 1,"
	    " 'r@y' FROM message;"
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM"
	    " n WHERE i < 499) INSERT INTO recipient(message, grp, n, address,"
	    " original) SELECT 120, 2, i, 'r' || i || '@z', 'list@x'"
	    " FROM n;");
}

static const struct {
	const char *label;
	struct rows_ask ask;
	size_t full_after;
	enum rows_result result;
	size_t rows, rcpts;
} cases[] = {
	{ "all", { .limit = 1000, .all = true }, 0, ROWS_OVER, 40, 539 },
	{ "in small slices", { .limit = 1000, .all = true }, 1, ROWS_OVER, 40,
	    539 },
	{ "in threes", { .limit = 1000, .all = true }, 3, ROWS_OVER, 40, 539 },
	{ "a piece", { .limit = 10, .all = true }, 2, ROWS_LIMIT, 10, 10 },
	{ "a later piece", { .after = 119, .limit = 2, .all = true }, 7,
	    ROWS_LIMIT, 2, 501 },
	{ "behind the end", { .after = 140, .limit = 2, .all = true }, 0,
	    ROWS_OVER, 0, 0 },
	{ "far behind", { .after = UINT64_MAX, .limit = 2, .all = true }, 0,
	    ROWS_OVER, 0, 0 },
	{ "a user's", { .limit = 1000, .uid = 1000 }, 2, ROWS_OVER, 10, 509 },
	{ "a stranger's", { .limit = 1000, .uid = 1001 }, 0, ROWS_OVER, 0, 0 },
	{ "no user's", { .limit = 1000, .uid = 0 }, 0, ROWS_OVER, 0, 0 },
	{ "one", { .after = 119, .only = 120, .limit = 1, .all = true }, 1,
	    ROWS_LIMIT, 1, 500 },
	{ "one's own", { .after = 119, .only = 120, .limit = 1, .uid = 1000 },
	    0, ROWS_LIMIT, 1, 500 },
	{ "another's", { .after = 118, .only = 119, .limit = 1, .uid = 1000 },
	    0, ROWS_FOREIGN, 0, 0 },
	{ "unknown", { .after = 98, .only = 99, .limit = 1, .all = true }, 0,
	    ROWS_LIMIT, 0, 0 },
	{ "the last", { .after = 139, .only = 140, .limit = 1, .all = true }, 0,
	    ROWS_OVER, 1, 1 },
};

static void
test_slices(void **state)
{
	struct rows *r = rows_new("queue.db");

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct rows_ask ask = cases[i].ask;
		struct out o = { .full_after = cases[i].full_after };

		check_int(cases[i].label, run(r, &ask, &o), cases[i].result);
		check_int(cases[i].label, o.rows, cases[i].rows);
		check_int(cases[i].label, o.rcpts, cases[i].rcpts);
	}
	rows_free(r);
}

static void
test_values(void **state)
{
	struct rows_ask ask = {
		.after = 119, .only = 120, .limit = 1, .all = true
	};
	struct rows *r = rows_new("queue.db");
	struct out o = { 0 };

	(void)state;
	run(r, &ask, &o);
	check_int("id", o.row.id, 120);
	check_int("size", o.row.size, 20);
	check_int("received", o.row.received, 20);
	check_int("uid", o.row.uid, 1000);
	check_int("family", o.row.client_family, 4);
	check_int("client", o.row.client[3], 9);
	check_str("sender", o.row.sender, "s20@x");
	check_str("helo", o.row.helo, "helo");
	check_str("message id", o.row.message_id, "<20@x>");
	check_int("state", o.rcpt.state, GROUP_WAITING);
	check_int("attempts", o.rcpt.attempts, 1);
	check_int("the later clock", o.rcpt.next_try, 9000);
	check_str("address", o.rcpt.address, "r499@z");
	check_str("original", o.rcpt.original, "list@x");
	check_str("next hop", o.rcpt.destination, "host [192.0.2.1] port 2525");
	check_str("the destination's error", o.rcpt.error, "no route");
	rows_free(r);
}

/* What a table does not show is not read. */
static void
test_brief(void **state)
{
	struct rows_ask ask = {
		.after = 119, .limit = 1, .all = true, .filter = { .brief = 1 }
	};
	struct rows *r = rows_new("queue.db");
	struct out o = { 0 };

	(void)state;
	check_int("result", run(r, &ask, &o), ROWS_LIMIT);
	check_int("recipients", o.rcpts, 500);
	check_int("id", o.row.id, 120);
	check_int("size", o.row.size, 20);
	check_int("received", o.row.received, 20);
	check_str("sender", o.row.sender, "s20@x");
	check_str("helo", o.row.helo, "");
	check_str("message id", o.row.message_id, "");
	check_int("state", o.rcpt.state, GROUP_WAITING);
	check_int("the later clock", o.rcpt.next_try, 9000);
	check_str("address", o.rcpt.address, "r499@z");
	check_str("original", o.rcpt.original, "");
	check_str("next hop", o.rcpt.destination, "");
	check_str("error", o.rcpt.error, "no route");
	rows_free(r);
}

static void
test_owner(void **state)
{
	struct rows *r = rows_new("queue.db");
	uint32_t uid;

	(void)state;
	assert_true(rows_owner(r, 120, &uid));
	assert_int_equal(uid, 1000);
	assert_true(rows_owner(r, 119, &uid));
	assert_int_equal(uid, UINT32_MAX);
	assert_false(rows_owner(r, 99, &uid));
	assert_false(rows_owner(r, UINT64_MAX, &uid));
	rows_free(r);
}

/* The reader must not hold queue back: no transaction between two slices. */
static void
test_no_transaction_stays(void **state)
{
	struct rows_ask ask = { .limit = 1000, .all = true };
	struct out o = { .full_after = 2 };
	const struct rows_out out = { take_row, take_rcpt, is_full, &o };
	struct rows *r = rows_new("queue.db");
	int log, done;

	check_int("slice", rows_slice(r, &ask, &out), ROWS_GO_ON);
	sql(*state, "UPDATE message SET size = size + 1");
	check_int("checkpoint",
	    sqlite3_wal_checkpoint_v2(
		*state, NULL, SQLITE_CHECKPOINT_TRUNCATE, &log, &done),
	    SQLITE_OK);
	rows_free(r);
}

static void
check_failure(const char *label, uint16_t want, const char *words)
{
	struct rows_ask ask = { .limit = 1, .all = true };
	struct rows *r = rows_new("queue.db");
	struct out o = { 0 };
	uint16_t code;
	const char *text;

	check_int(label, run(r, &ask, &o), ROWS_FAILED);
	text = rows_error(r, &code);
	check_int(label, code, want);
	if (strstr(text, words) == NULL)
		fail_msg("%s: \"%s\" lacks \"%s\"", label, text, words);
	rows_free(r);
}

static void
test_failures(void **state)
{
	FILE *f;

	sql(*state, "PRAGMA user_version = 99");
	check_failure("newer", EX_DATAERR, "another version");
	sql(*state, "PRAGMA user_version = 0");
	check_failure("not yet", EX_TEMPFAIL, "still empty");
	sql(*state, "PRAGMA user_version = 2");
	sql(*state, "ALTER TABLE grp RENAME TO grq");
	check_failure("no table", EX_TEMPFAIL, "no such table");
	sql(*state, "ALTER TABLE grq RENAME TO grp");
	assert_int_equal(mkdir("elsewhere", 0700), 0);
	assert_int_equal(chdir("elsewhere"), 0);
	check_failure("missing", EX_TEMPFAIL, "no queue.db");
	f = fopen("queue.db", "w");
	assert_non_null(f);
	for (int i = 0; i < 1000; i++)
		fputs("this is no database ", f);
	fclose(f);
	check_failure("damaged", EX_DATAERR, "not a database");
	unlink("queue.db");
	assert_int_equal(chdir(".."), 0);
	rmdir("elsewhere");
}

static int
set_up(void **state)
{
	struct sqlite3 *db;

	if (mkdtemp(folder) == NULL || chdir(folder) == -1)
		return -1;
	db = schema_open();
	fill(db);
	*state = db;
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "queue.db", "queue.db-wal",
		"queue.db-shm" };

	sqlite3_close(*state);
	for (size_t i = 0; i < nitems(names); i++)
		unlink(names[i]);
	return chdir("/") == -1 || rmdir(folder) == -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_brief),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_no_transaction_stays),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
