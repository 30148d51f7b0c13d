/* SPDX-License-Identifier: ISC */
/* queue/report_rows.c - queue.db, read only, as rows for the tools.
 *
 * Must never write, checkpoint or keep a transaction open between two calls.
 * Runs confined: all that it can open lies in the spool's queue folder.
 */
#include "queue/report_rows.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/ip.h"
#include "common/mail/route.h"
#include "queue/schema.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* What one slice may cost: a row looked at, and one that is sent. */
enum { SLICE_COST = 8192, COST_SEEN = 1, COST_SENT = 16, BUSY_MS = 100 };

/* Attempts to begin reading while queue writes. */
enum { TRIES = 8 };

enum statement { MESSAGES, RECIPIENTS, OWNER, STATEMENTS };

/* clang-format off */
static const char *const texts[STATEMENTS] = {
	[MESSAGES] =
	    "SELECT id, size, received, uid, client, sender, helo, message_id"
	    " FROM message WHERE id > ?1 ORDER BY id",
	[RECIPIENTS] =
	    "SELECT g.n, r.n, g.state, g.attempts,"
	    " max(g.next_try, coalesce(d.not_before, 0),"
	    "  CASE WHEN d.suspended < 9223372036854775807"
	    "  THEN d.suspended ELSE 0 END),"
	    " r.address, r.original, d.transport, d.host, d.port,"
	    " coalesce(CASE WHEN d.suspended > ?4 AND g.state IN (2, 3)"
	    "  THEN 'suspended' || coalesce(': ' || d.suspend_reason, '') END,"
	    " nullif(r.error, ''), nullif(g.error, ''), d.error)"
	    " FROM grp g LEFT JOIN destination d ON d.id = g.destination"
	    " CROSS JOIN recipient r ON r.message = g.message AND r.grp = g.n"
	    " AND r.n > CASE WHEN g.n = ?2 THEN ?3 ELSE -1 END"
	    " WHERE g.message = ?1 AND g.n >= ?2 ORDER BY g.n, r.n",
	[OWNER] = "SELECT uid FROM message WHERE id = ?1",
};
/* clang-format on */

static const char settings[] = "PRAGMA query_only = 1;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA trusted_schema = 0;"
			       "PRAGMA cell_size_check = 1;"
			       "PRAGMA mmap_size = 0;"
			       "PRAGMA cache_size = -4096;";

struct rows {
	struct sqlite3 *db; /* NULL: not open */
	sqlite3_stmt *statements[STATEMENTS];
	uint16_t code;
	char error[MSG_TEXT_MAX + 1];
};

struct rows *
rows_new(void)
{
	return mem_zero(1, sizeof(struct rows));
}

static void
rows_close(struct rows *r)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(r->statements[i]);
	memset(r->statements, 0, sizeof(r->statements));
	sqlite3_close(r->db);
	r->db = NULL;
}

void
rows_free(struct rows *r)
{
	rows_close(r);
	mem_free(r);
}

const char *
rows_error(const struct rows *r, uint16_t *code)
{
	*code = r->code;
	return r->error;
}

static bool
fail(struct rows *r, int code, const char *text)
{
	r->code = (uint16_t)code;
	view_copy(view_of(text), r->error, sizeof(r->error));
	return false;
}

/* Notes what SQLite complains about; the connection is made anew next time. */
static bool
fail_sql(struct rows *r)
{
	int code = sqlite3_errcode(r->db);
	bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;

	snprintf(r->error, sizeof(r->error), "queue.db: %s%s",
	    sqlite3_errmsg(r->db), damaged ? "" : ": try again");
	r->code = damaged ? EX_DATAERR : EX_TEMPFAIL;
	rows_close(r);
	return false;
}

/*
 * A reader that may not write to the WAL index meets it half written, or its
 * marks moved on, when queue commits or checkpoints at that moment; SQLite
 * takes this for work that only a writer could do.  At the next look it is
 * whole.  Only the beginning of a read meets this.
 */
static bool
met_writer(const struct rows *r, int try)
{
	return try < TRIES &&
	       (sqlite3_errcode(r->db) & 0xff) == SQLITE_READONLY;
}

static int
read_version(struct rows *r)
{
	sqlite3_stmt *s;
	int version = -1;

	if (sqlite3_prepare_v2(r->db, "PRAGMA user_version", -1, &s, NULL) !=
	    SQLITE_OK)
		return version;
	for (int try = 0; version == -1; try++) {
		if (sqlite3_step(s) == SQLITE_ROW)
			version = sqlite3_column_int(s, 0);
		else if (!met_writer(r, try))
			break;
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
	return version;
}

static bool
version_fits(struct rows *r)
{
	int version = read_version(r);

	if (version == SCHEMA_VERSION)
		return true;
	if (version == -1)
		return fail_sql(r);
	rows_close(r);
	if (version == 0)
		return fail(r, EX_TEMPFAIL,
		    "queue.db is being made by postern-queue: try again");
	return fail(r, EX_DATAERR,
	    "queue.db was made by another version of postern: is an old "
	    "postern-report still running?");
}

static bool
prepare(struct rows *r)
{
	if (sqlite3_exec(r->db, settings, NULL, NULL, NULL) != SQLITE_OK)
		return fail_sql(r);
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(r->db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &r->statements[i],
			NULL) != SQLITE_OK)
			return fail_sql(r);
	return true;
}

static bool
rows_open(struct rows *r)
{
	if (r->db != NULL)
		return true;
	if (sqlite3_open_v2("queue.db", &r->db,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK) {
		rows_close(r);
		return fail(r, EX_TEMPFAIL,
		    "no queue.db to read yet: has postern-queue started?");
	}
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_busy_timeout(r->db, BUSY_MS);
	return version_fits(r) && prepare(r);
}

/* At most size - 1 bytes, and none behind a NUL. */
static void
get_text(sqlite3_stmt *s, int column, char *out, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(s, column);
	size_t len = text == NULL ? 0 : strnlen(text, size - 1);

	if (len > 0)
		memcpy(out, text, len);
	out[len] = '\0';
}

static uint32_t
get_uid(sqlite3_stmt *s, int column)
{
	int64_t n = sqlite3_column_int64(s, column);

	if (sqlite3_column_type(s, column) == SQLITE_NULL || n < 0 ||
	    n > UINT32_MAX)
		return UINT32_MAX;
	return (uint32_t)n;
}

static void
fill_row(sqlite3_stmt *s, struct msg_row *m)
{
	char client[IP_TEXT];
	struct ip ip;

	memset(m, 0, sizeof(*m));
	m->id = (uint64_t)sqlite3_column_int64(s, 0);
	m->size = (uint64_t)sqlite3_column_int64(s, 1);
	m->received = sqlite3_column_int64(s, 2);
	m->uid = get_uid(s, 3);
	get_text(s, 4, client, sizeof(client));
	if (client[0] != '\0' && ip_parse(view_of(client), &ip)) {
		m->client_family = ip.family;
		memcpy(m->client, ip.bytes, sizeof(m->client));
	}
	get_text(s, 5, m->sender, sizeof(m->sender));
	get_text(s, 6, m->helo, sizeof(m->helo));
	get_text(s, 7, m->message_id, sizeof(m->message_id));
}

static void
fill_destination(sqlite3_stmt *s, char *out, size_t size)
{
	char host[MSG_DOMAIN_MAX + 1];
	int port = sqlite3_column_int(s, 9);

	out[0] = '\0';
	if (sqlite3_column_type(s, 7) == SQLITE_NULL)
		return;
	get_text(s, 8, host, sizeof(host));
	if (sqlite3_column_int(s, 7) == TRANSPORT_MX)
		snprintf(out, size, "mx %s port %d", host, port);
	else
		snprintf(out, size, "host %s port %d", host, port);
}

static void
fill_rcpt(sqlite3_stmt *s, struct msg_row_rcpt *m)
{
	memset(m, 0, sizeof(*m));
	m->state = (uint8_t)sqlite3_column_int(s, 2);
	m->attempts = (uint32_t)sqlite3_column_int64(s, 3);
	m->next_try = sqlite3_column_int64(s, 4);
	get_text(s, 5, m->address, sizeof(m->address));
	get_text(s, 6, m->original, sizeof(m->original));
	fill_destination(s, m->destination, sizeof(m->destination));
	get_text(s, 10, m->error, sizeof(m->error));
}

/* The recipients of message ask->after, from ask->group and ask->n on. */
static enum rows_result
send_rcpts(
    struct rows *r, struct rows_ask *ask, const struct rows_out *out, int *cost)
{
	sqlite3_stmt *s = r->statements[RECIPIENTS];
	enum rows_result result = ROWS_OVER;
	struct msg_row_rcpt m;
	int code = SQLITE_ROW;

	sqlite3_bind_int64(s, 1, (int64_t)ask->after);
	sqlite3_bind_int64(s, 2, ask->group);
	sqlite3_bind_int64(s, 3, ask->n);
	sqlite3_bind_int64(s, 4, clock_wall_ms());
	while (result == ROWS_OVER && (code = sqlite3_step(s)) == SQLITE_ROW) {
		fill_rcpt(s, &m);
		out->rcpt(out->arg, &m);
		ask->group = sqlite3_column_int64(s, 0);
		ask->n = sqlite3_column_int64(s, 1);
		*cost += COST_SENT;
		if (*cost >= SLICE_COST || out->full(out->arg))
			result = ROWS_GO_ON;
	}
	sqlite3_reset(s);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return ROWS_FAILED;
	ask->inside = result == ROWS_GO_ON;
	return result;
}

/* The message that s stands on: sent, unless somebody else's. */
static enum rows_result
visit(
    struct rows *r, struct rows_ask *ask, const struct rows_out *out, int *cost)
{
	sqlite3_stmt *s = r->statements[MESSAGES];
	uint64_t id = (uint64_t)sqlite3_column_int64(s, 0);
	bool goes_on = ask->inside && id == ask->after;
	struct msg_row m;

	if (ask->only != 0 && id != ask->only)
		return ROWS_LIMIT;
	if (!ask->all && get_uid(s, 3) != ask->uid) {
		ask->after = id;
		return ask->only != 0 ? ROWS_FOREIGN : ROWS_OVER;
	}
	if (!goes_on) {
		if (ask->limit == 0)
			return ROWS_LIMIT;
		ask->limit--;
		fill_row(s, &m);
		out->row(out->arg, &m);
		*cost += COST_SENT;
		ask->group = ask->n = -1;
	}
	ask->after = id;
	return send_rcpts(r, ask, out, cost);
}

static enum rows_result
slice(struct rows *r, struct rows_ask *ask, const struct rows_out *out)
{
	sqlite3_stmt *s = r->statements[MESSAGES];
	enum rows_result result = ROWS_OVER;
	int cost = 0, code = SQLITE_ROW;

	sqlite3_bind_int64(s, 1, (int64_t)ask->after - (ask->inside ? 1 : 0));
	while (result == ROWS_OVER && (code = sqlite3_step(s)) == SQLITE_ROW) {
		result = visit(r, ask, out, &cost);
		cost += COST_SEEN;
		if (result == ROWS_OVER &&
		    (cost >= SLICE_COST || out->full(out->arg)))
			result = ROWS_GO_ON;
	}
	sqlite3_reset(s);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return ROWS_FAILED;
	return result;
}

enum rows_result
rows_slice(struct rows *r, struct rows_ask *ask, const struct rows_out *out)
{
	enum rows_result result;
	int try = 0;

	if (ask->after > INT64_MAX)
		return ROWS_OVER; /* queue keeps ids below 2^63 */
	if (!rows_open(r))
		return ROWS_FAILED;
	do {
		result = slice(r, ask, out);
	} while (result == ROWS_FAILED && met_writer(r, try++));
	if (result == ROWS_FAILED)
		fail_sql(r);
	return result;
}

bool
rows_owner(struct rows *r, uint64_t id, uint32_t *uid)
{
	sqlite3_stmt *s;
	int code, try = 0;

	if (id > INT64_MAX || !rows_open(r))
		return false;
	s = r->statements[OWNER];
	sqlite3_bind_int64(s, 1, (int64_t)id);
	while ((code = sqlite3_step(s)) != SQLITE_ROW && met_writer(r, try++))
		sqlite3_reset(s);
	if (code == SQLITE_ROW)
		*uid = get_uid(s, 0);
	sqlite3_reset(s);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		fail_sql(r);
	return code == SQLITE_ROW;
}
