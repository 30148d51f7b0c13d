/* SPDX-License-Identifier: ISC */
/* queue/report_views.c - the stable views of postern-spool(5).
 *
 * They are made on a database in memory that serves one question, to which
 * the others are attached under names that nobody can guess: see
 * report_guard.c.  A change of a table is a change here, and none for those
 * who ask.
 */
#include "queue/report_views.h"

#include "common/base/alloc.h"
#include "common/base/id.h"
#include "queue/history_schema.h"
#include "queue/report_guard.h"
#include "queue/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { SQL_MAX = 8192, BUSY_MS = 100 };

static const char settings[] = "PRAGMA temp_store = MEMORY;"
			       "PRAGMA trusted_schema = 0;"
			       "PRAGMA cell_size_check = 1;"
			       "PRAGMA mmap_size = 0;";

static const char other_version[] =
    "a database was made by another version of postern: is an old "
    "postern-reader still running?";

#define KIND(column)                                                           \
	"CASE " column " WHEN 1 THEN 'delivered' WHEN 2 THEN 'deferred'"       \
	" WHEN 3 THEN 'bounced' WHEN 4 THEN 'removed' WHEN 5 THEN 'held'"      \
	" WHEN 6 THEN 'released' WHEN 7 THEN 'retried'"                        \
	" WHEN 8 THEN 'notified' WHEN 9 THEN 'returned'"                       \
	" WHEN 10 THEN 'expanded' END"

/* The second layer; @q and @h are the databases, the names behind AS the
 * stable ones. */
static const char message[] =
    "SELECT id AS id, id_text(id) AS name, received AS received, size AS size,"
    " uid AS uid, sender AS sender, client AS client, helo AS helo,"
    " message_id AS message_id, envid AS envid, login AS login"
    " FROM @q.message";

static const char recipient[] =
    "SELECT r.message AS message, id_text(r.message) AS name,"
    " r.address AS address, r.original AS original,"
    " CASE WHEN g.state IN (2, 3) AND (SELECT transport FROM @q.destination"
    " WHERE id = g.destination) = 3 THEN 'unexpanded'"
    " WHEN g.state = 2 THEN 'fresh' WHEN g.state = 3 THEN 'waiting'"
    " WHEN g.state = 4 THEN 'held' END AS state,"
    " nullif(g.destination, 0) AS destination, g.attempts AS attempts,"
    " CASE g.state WHEN 3 THEN g.next_try END AS next_try,"
    " coalesce(r.error, g.error) AS error FROM @q.recipient AS r"
    " JOIN @q.grp AS g ON g.message = r.message AND g.n = r.grp";

static const char destination[] =
    "SELECT id AS id, CASE transport WHEN 1 THEN 'mx' WHEN 2 THEN 'host'"
    " WHEN 3 THEN 'lookup' WHEN 4 THEN 'lmtp' END"
    " AS transport, host AS host, port AS port,"
    " nullif(not_before, 0) AS not_before, failures AS failures,"
    " error AS error, suspended AS suspended, suspend_reason AS reason"
    " FROM @q.destination";

static const char event[] =
    "SELECT m.id AS message, id_text(m.id) AS name, m.received AS at,"
    " 'received' AS kind, s.text AS sender, NULL AS address, NULL AS count,"
    " NULL AS reply, m.helo AS host, m.client AS ip, m.uid AS uid,"
    " m.cause AS related, NULL AS tls FROM @h.message AS m"
    " LEFT JOIN @h.address AS s ON s.id = m.sender"
    " UNION ALL SELECT r.message, id_text(r.message), r.at," KIND(
	"r.fate") ","
		  " s.text, a.text, 1, r.reply, r.host, r.addr, NULL, NULL,"
		  " r.tls"
		  " FROM @h.recipient AS r"
		  " LEFT JOIN @h.address AS a ON a.id = r.address"
		  " LEFT JOIN @h.message AS m ON m.id = r.message"
		  " LEFT JOIN @h.address AS s ON s.id = m.sender"
		  /* a removal is an event of its own, too */
		  " WHERE r.fate IS NOT NULL AND r.fate <> 4"
		  " UNION ALL SELECT e.message, id_text(e.message), e.at," KIND(
		      "e.kind") ","
				" s.text, a.text, e.count, e.reply, e.host, "
				"e.addr, e.uid, e.other, e.tls"
				" FROM @h.event AS e"
				" LEFT JOIN @h.address AS a ON a.id = "
				"e.address"
				" LEFT JOIN @h.message AS m ON m.id = "
				"e.message"
				" LEFT JOIN @h.address AS s ON s.id = "
				"m.sender";

static const char no_event[] =
    "SELECT NULL AS message, NULL AS name, NULL AS at, NULL AS kind,"
    " NULL AS sender, NULL AS address, NULL AS count, NULL AS reply,"
    " NULL AS host, NULL AS ip, NULL AS uid, NULL AS related, NULL AS tls"
    " WHERE 0";

static void
id_text(sqlite3_context *c, int n, sqlite3_value **values)
{
	char text[ID_TEXT];
	int64_t id = sqlite3_value_int64(values[0]);

	(void)n;
	if (sqlite3_value_type(values[0]) == SQLITE_INTEGER && id > 0)
		sqlite3_result_text(
		    c, id_print((uint64_t)id, text), -1, SQLITE_TRANSIENT);
}

static struct view
argument(sqlite3_value *value)
{
	const char *text = (const char *)sqlite3_value_text(value);

	if (text == NULL)
		return view_make("", 0);
	return view_make(text, (size_t)sqlite3_value_bytes(value));
}

static void
id_number(sqlite3_context *c, int n, sqlite3_value **values)
{
	uint64_t id;

	(void)n;
	if (id_parse(argument(values[0]), &id) && id <= INT64_MAX)
		sqlite3_result_int64(c, (int64_t)id);
}

/* Behind the last @, in lower case. */
static void
domain(sqlite3_context *c, int n, sqlite3_value **values)
{
	struct view v = argument(values[0]);
	size_t at = v.len;
	char *text;

	(void)n;
	while (at > 0 && v.data[at - 1] != '@')
		at--;
	if (at == 0)
		return;
	v = view_skip(v, at);
	text = sqlite3_malloc64(v.len + 1);
	if (text == NULL) {
		sqlite3_result_error_nomem(c);
		return;
	}
	for (size_t i = 0; i < v.len; i++)
		text[i] = ascii_lower(v.data[i]);
	sqlite3_result_text(c, text, (int)v.len, sqlite3_free);
}

static bool
run(struct views *v, const char *sql)
{
	return sqlite3_exec(v->db.db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool
make_functions(struct views *v)
{
	static const struct {
		const char *name;
		void (*call)(sqlite3_context *, int, sqlite3_value **);
	} all[] = {
		{ "id_text", id_text },
		{ "id_number", id_number },
		{ "domain", domain },
	};
	int code = SQLITE_OK;

	for (size_t i = 0; i < nitems(all) && code == SQLITE_OK; i++)
		code = sqlite3_create_function_v2(v->db.db, all[i].name, 1,
		    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
		    all[i].call, NULL, NULL, NULL);
	return code == SQLITE_OK;
}

/* Runs it with the secret for each @. */
static bool
run_secretly(struct views *v, const char *text)
{
	struct buf sql;
	bool fine;

	buf_init(&sql, SQL_MAX);
	for (const char *p = text; *p != '\0'; p++)
		if (*p == '@')
			buf_add_string(&sql, v->secret);
		else
			buf_add(&sql, view_make(p, 1));
	fine = buf_ok(&sql) && run(v, buf_string(&sql));
	buf_free(&sql);
	return fine;
}

static bool
make_view(struct views *v, const char *name, const char *body)
{
	char sql[SQL_MAX];

	snprintf(sql, sizeof(sql),
	    "CREATE TEMP VIEW @_%s AS %s;"
	    "CREATE TEMP VIEW %s AS SELECT * FROM temp.@_%s",
	    name, body, name, name);
	return run_secretly(v, sql);
}

/* False: it is there and cannot be read as the version that we know. */
static bool
attach(struct views *v, const char *schema, const char *path, bool *there)
{
	char sql[256];
	sqlite3_stmt *s = NULL;
	int version = 0;

	*there = false;
	snprintf(
	    sql, sizeof(sql), "ATTACH 'file:%s?mode=ro' AS @%s", path, schema);
	if (!run_secretly(v, sql))
		return (sqlite3_errcode(v->db.db) & 0xff) == SQLITE_CANTOPEN;
	snprintf(
	    sql, sizeof(sql), "PRAGMA %s%s.user_version", v->secret, schema);
	if (sqlite3_prepare_v2(v->db.db, sql, -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		version = sqlite3_column_int(s, 0);
	else
		version = -1;
	if (sqlite3_finalize(s) != SQLITE_OK || version == -1)
		return false;
	*there = version != 0;
	return version == 0 || version == v->db.version ||
	       report_db_fail(&v->db, EX_DATAERR, other_version);
}

static bool
attach_queue(struct views *v)
{
	bool there;

	v->db.name = "queue.db";
	v->db.version = SCHEMA_VERSION;
	if (!attach(v, "q", QUEUE_DB, &there))
		return false;
	return there || report_db_fail(&v->db, EX_TEMPFAIL,
			    "no queue.db to read yet: has postern-queue "
			    "started?");
}

static bool
attach_history(struct views *v, bool *there)
{
	v->db.name = "history.db";
	v->db.version = HISTORY_VERSION;
	return attach(v, "h", HISTORY_DB, there);
}

static int
note_table(void *arg, int n, char **values, char **names)
{
	struct views *v = arg;

	(void)n;
	(void)names;
	buf_printf(&v->tables, "%s ", values[0]);
	return 0;
}

static bool
list_tables(struct views *v, const char *schema)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT name FROM %s%s.sqlite_schema",
	    v->secret, schema);
	return sqlite3_exec(v->db.db, sql, note_table, v, NULL) == SQLITE_OK &&
	       buf_ok(&v->tables);
}

static void
make_secret(struct views *v)
{
	unsigned char bytes[16];

	arc4random_buf(bytes, sizeof(bytes));
	v->secret[0] = 'v';
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(v->secret + 1 + 2 * i, 3, "%02x", bytes[i]);
}

static bool
make_all(struct views *v)
{
	bool history;

	/* no table-valued functions, no full text search: no modules at all */
	if (!run(v, settings) ||
	    sqlite3_drop_modules(v->db.db, NULL) != SQLITE_OK ||
	    !make_functions(v) || !attach_queue(v) || !list_tables(v, "q"))
		return false;
	if (!attach_history(v, &history) || (history && !list_tables(v, "h")))
		return false;
	return make_view(v, "message", message) &&
	       make_view(v, "recipient", recipient) &&
	       make_view(v, "destination", destination) &&
	       make_view(v, "event", history ? event : no_event) &&
	       run(v, "PRAGMA query_only = 1");
}

bool
views_open(struct views *v, int64_t until)
{
	memset(v, 0, sizeof(*v));
	v->until = until;
	buf_init(&v->tables, SQL_MAX);
	buf_add_string(&v->tables, " ");
	make_secret(v);
	v->db.name = "a database in memory";
	if (sqlite3_open_v2(":memory:", &v->db.db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		return report_db_fail_sql(&v->db);
	sqlite3_db_config(v->db.db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_busy_timeout(v->db.db, BUSY_MS);
	if (!make_all(v))
		return v->db.code != 0 ? false : report_db_fail_sql(&v->db);
	guard_set(v);
	return true;
}

void
views_close(struct views *v)
{
	buf_free(&v->tables);
	report_db_close(&v->db);
}
