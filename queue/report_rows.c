/* SPDX-License-Identifier: ISC */
/* queue/report_rows.c - queue.db, read only, as rows for the tools.
 *
 * Must never write, checkpoint or keep a transaction open between two calls.
 * Runs confined: all that it can open lies in the spool's queue folder.
 */
#include "queue/report_rows.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/mail/route.h"
#include "queue/report_db.h"
#include "queue/report_filter.h"
#include "queue/report_rows_int.h"
#include "queue/schema.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
/* One recipient; the moment is ?4. */
#define RCPT_COLUMNS \
	"g.n, r.n, g.state, g.attempts," \
	" max(g.next_try, coalesce(d.not_before, 0)," \
	"  CASE WHEN d.suspended < 9223372036854775807" \
	"  THEN d.suspended ELSE 0 END)," \
	" r.address, r.original, d.transport, d.host, d.port," \
	" coalesce(CASE WHEN d.suspended > ?4 AND g.state IN (2, 3)" \
	"  THEN 'suspended' || coalesce(': ' || d.suspend_reason, '') END," \
	" nullif(r.error, ''), nullif(g.error, ''), d.error)"
static const char *const texts[STATEMENTS] = {
	[MESSAGES] =
	    "SELECT id, size, received, uid, client, sender, helo, message_id,"
	    " login FROM message WHERE id > ?1 ORDER BY id",
	[BEGIN] = "BEGIN",
	[COMMIT] = "COMMIT",
	[ALL_GROUPS] =
	    "SELECT message, n, state, attempts, next_try, destination,"
	    " error FROM grp WHERE message > ?1"
	    " ORDER BY message, n",
	[ALL_RECIPIENTS] =
	    "SELECT message, grp, n, address, error, original"
	    " FROM recipient WHERE message > ?1 ORDER BY message, grp, n",
	[BRIEF_MESSAGES] =
	    "SELECT id, size, received, sender FROM message"
	    " WHERE id > ?1 ORDER BY id",
	[BRIEF_RECIPIENTS] =
	    "SELECT message, grp, n, address, error FROM recipient"
	    " WHERE message > ?1 ORDER BY message, grp, n",
	[DESTINATIONS] =
	    "SELECT id, transport, host, port, not_before, suspended,"
	    " suspend_reason, error FROM destination WHERE id >= ?1"
	    " ORDER BY id",
	[RECIPIENTS] =
	    "SELECT " RCPT_COLUMNS
	    " FROM grp g LEFT JOIN destination d ON d.id = g.destination"
	    " CROSS JOIN recipient r ON r.message = g.message AND r.grp = g.n"
	    " AND r.n > CASE WHEN g.n = ?2 THEN ?3 ELSE -1 END"
	    " WHERE g.message = ?1 AND g.n >= ?2 ORDER BY g.n, r.n",
	[OWNER] = "SELECT uid FROM message WHERE id = ?1",
};
/* clang-format on */

struct rows *
rows_new(const char *path)
{
	struct rows *r = mem_zero(1, sizeof(*r));

	r->db.path = path;
	r->db.name = "queue.db";
	r->db.writer = "postern-queue";
	r->db.version = SCHEMA_VERSION;
	r->db.texts = texts;
	r->db.ntexts = STATEMENTS;
	return r;
}

void
rows_free(struct rows *r)
{
	report_db_close(&r->db);
	mem_free(r);
}

const char *
rows_error(const struct rows *r, uint16_t *code)
{
	*code = r->db.code;
	return r->db.error;
}

void
rows_fill_message(sqlite3_stmt *s, struct msg_row *m)
{
	m->id = (uint64_t)sqlite3_column_int64(s, 0);
	m->size = (uint64_t)sqlite3_column_int64(s, 1);
	m->received = sqlite3_column_int64(s, 2);
	m->uid = report_uid(s, 3);
	memset(m->client, 0, sizeof(m->client));
	report_ip(s, 4, &m->client_family, m->client);
	report_text(s, 5, m->sender, sizeof(m->sender));
	report_text(s, 6, m->helo, sizeof(m->helo));
	report_text(s, 7, m->message_id, sizeof(m->message_id));
	report_text(s, 8, m->login, sizeof(m->login));
}

/* Where out ends, behind what fits of the text. */
static char *
add_text(char *out, const char *end, const char *text)
{
	while (out < end && *text != '\0')
		*out++ = *text++;
	return out;
}

static char *
add_number(char *out, const char *end, unsigned int n)
{
	char digits[16], *p = digits + sizeof(digits) - 1;

	*p = '\0';
	do {
		*--p = (char)('0' + n % 10);
	} while ((n /= 10) > 0);
	return add_text(out, end, p);
}

void
rows_fill_destination(sqlite3_stmt *s, int c, char *out, size_t size)
{
	const char *host, *end = out + size - 1;
	enum transport transport;
	unsigned int port;

	out[0] = '\0';
	if (sqlite3_column_type(s, c) == SQLITE_NULL)
		return;
	transport = (enum transport)sqlite3_column_int(s, c);
	if (transport == TRANSPORT_LOOKUP) {
		(void)strlcpy(out, "aliases", size);
		return;
	}
	/* pieced together: printing takes longer than reading the row */
	host = (const char *)sqlite3_column_text(s, c + 1);
	out = add_text(out, end, transport_word(transport));
	out = add_text(out, end, " ");
	out = add_text(out, end, host == NULL ? "" : host);
	port = (unsigned int)sqlite3_column_int(s, c + 2);
	if (port > 0) { /* a UNIX socket has none */
		out = add_text(out, end, " port ");
		out = add_number(out, end, port);
	}
	*out = '\0';
}

static void
fill_rcpt(sqlite3_stmt *s, struct msg_row_rcpt *m)
{
	memset(m, 0, sizeof(*m));
	m->state = (uint8_t)sqlite3_column_int(s, 2);
	if (sqlite3_column_int(s, 7) == TRANSPORT_LOOKUP &&
	    m->state != GROUP_HELD)
		m->state = GROUP_UNEXPANDED;
	m->attempts = (uint32_t)sqlite3_column_int64(s, 3);
	m->next_try = sqlite3_column_int64(s, 4);
	report_text(s, 5, m->address, sizeof(m->address));
	report_text(s, 6, m->original, sizeof(m->original));
	rows_fill_destination(s, 7, m->destination, sizeof(m->destination));
	report_text(s, 10, m->error, sizeof(m->error));
}

static void
bind_rcpts(sqlite3_stmt *s, int64_t message, int64_t group, int64_t n)
{
	sqlite3_bind_int64(s, 1, message);
	sqlite3_bind_int64(s, 2, group);
	sqlite3_bind_int64(s, 3, n);
	sqlite3_bind_int64(s, 4, clock_wall_ms());
}

/* The one that s stands on. */
static void
send_rcpt(sqlite3_stmt *s, struct rows_ask *ask, const struct rows_out *out)
{
	struct msg_row_rcpt m;

	fill_rcpt(s, &m);
	out->rcpt(out->arg, &m);
	ask->group = sqlite3_column_int64(s, 0);
	ask->n = sqlite3_column_int64(s, 1);
}

enum rows_result
rows_send_rcpts(
    struct rows *r, struct rows_ask *ask, const struct rows_out *out, int *cost)
{
	sqlite3_stmt *s = r->db.statements[RECIPIENTS];
	enum rows_result result = ROWS_OVER;
	int code = SQLITE_ROW;

	bind_rcpts(s, (int64_t)ask->after, ask->group, ask->n);
	while (result == ROWS_OVER && (code = sqlite3_step(s)) == SQLITE_ROW) {
		send_rcpt(s, ask, out);
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

/* Lets the filter the message through that s stands on?  ROWS_GO_ON: yes. */
static enum rows_result
judge(struct rows *r, const struct rows_ask *ask, sqlite3_stmt *s, int *cost)
{
	sqlite3_stmt *rcpts = r->db.statements[RECIPIENTS];
	enum rows_result result = ROWS_OVER;
	char sender[MSG_ADDRESS_MAX + 1];
	struct msg_row_rcpt m;
	int code = SQLITE_ROW;

	report_text(s, 5, sender, sizeof(sender));
	if (!filter_message(&ask->filter, sender, sqlite3_column_int64(s, 2)))
		return ROWS_OVER;
	if (!filter_asks_rcpt(&ask->filter))
		return ROWS_GO_ON;
	bind_rcpts(rcpts, sqlite3_column_int64(s, 0), -1, -1);
	while (
	    result == ROWS_OVER && (code = sqlite3_step(rcpts)) == SQLITE_ROW) {
		fill_rcpt(rcpts, &m);
		if (filter_rcpt(&ask->filter, &m))
			result = ROWS_GO_ON;
		*cost += COST_LOOKED;
	}
	sqlite3_reset(rcpts);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return ROWS_FAILED;
	return result;
}

/* The message that s stands on: sent, unless somebody else's. */
static enum rows_result
visit(
    struct rows *r, struct rows_ask *ask, const struct rows_out *out, int *cost)
{
	sqlite3_stmt *s = r->db.statements[MESSAGES];
	uint64_t id = (uint64_t)sqlite3_column_int64(s, 0);
	bool goes_on = ask->inside && id == ask->after;
	enum rows_result result;
	struct msg_row m;

	if (ask->only != 0 && id != ask->only)
		return ROWS_LIMIT;
	if (!ask->all && report_uid(s, 3) != ask->uid) {
		ask->after = id;
		return ask->only != 0 ? ROWS_FOREIGN : ROWS_OVER;
	}
	if (!goes_on && ask->filtered) {
		result = judge(r, ask, s, cost);
		if (result != ROWS_GO_ON) {
			ask->after = id;
			return result;
		}
	}
	if (!goes_on) {
		if (ask->limit == 0)
			return ROWS_LIMIT;
		ask->limit--;
		rows_fill_message(s, &m);
		out->row(out->arg, &m);
		*cost += COST_SENT;
		ask->group = ask->n = -1;
	}
	ask->after = id;
	return rows_send_rcpts(r, ask, out, cost);
}

static enum rows_result
slice(struct rows *r, struct rows_ask *ask, const struct rows_out *out)
{
	sqlite3_stmt *s = r->db.statements[MESSAGES];
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
	bool all = ask->all && !ask->filtered && ask->only == 0;
	enum rows_result result;
	int try = 0;

	if (ask->after > INT64_MAX)
		return ROWS_OVER; /* queue keeps ids below 2^63 */
	if (!report_db_open(&r->db))
		return ROWS_FAILED;
	do {
		result = all ? rows_slice_all(r, ask, out) : slice(r, ask, out);
	} while (result == ROWS_FAILED && report_db_met_writer(&r->db, try++));
	if (result == ROWS_FAILED)
		report_db_fail_sql(&r->db);
	return result;
}

bool
rows_owner(struct rows *r, uint64_t id, uint32_t *uid)
{
	sqlite3_stmt *s;
	int code, try = 0;

	if (id > INT64_MAX || !report_db_open(&r->db))
		return false;
	s = r->db.statements[OWNER];
	sqlite3_bind_int64(s, 1, (int64_t)id);
	while ((code = sqlite3_step(s)) != SQLITE_ROW &&
	       report_db_met_writer(&r->db, try++))
		sqlite3_reset(s);
	if (code == SQLITE_ROW)
		*uid = report_uid(s, 0);
	sqlite3_reset(s);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		report_db_fail_sql(&r->db);
	return code == SQLITE_ROW;
}
