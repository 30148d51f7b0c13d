/* SPDX-License-Identifier: ISC */
/* queue/report_past.c - the life of messages: history.db, then queue.db.
 *
 * A small machine goes from message to message, newest first, and through
 * the stages of each; where it stands is in the question, so that it can stop
 * behind any row.  A message that history does not know (it was off, or the
 * frame was lost) is told from the queue, if it is there.
 */
#include "queue/report_past.h"

#include "common/base/alloc.h"
#include "queue/history_schema.h"
#include "queue/report_db.h"

#include <string.h>
#include <sysexits.h>

enum { SLICE_COST = 8192, COST_SEEN = 16, COST_SENT = 16 };

enum statement { FIND, MESSAGE, RCPTS, EVENTS, STATEMENTS };

/* clang-format off */
static const char *const texts[STATEMENTS] = {
	/* the next one down of each index */
	[FIND] =
	    "SELECT max(id) FROM ("
	    "SELECT max(id) AS id FROM message WHERE hash = ?2 AND id < ?3"
	    " UNION ALL SELECT"
	    " (SELECT m.id FROM message m WHERE m.sender = a.id AND m.id < ?3"
	    " ORDER BY m.id DESC LIMIT 1)"
	    " FROM address a WHERE a.text = ?1 COLLATE NOCASE"
	    " UNION ALL SELECT"
	    " (SELECT r.message FROM recipient r WHERE r.address = a.id"
	    " AND r.message < ?3 ORDER BY r.message DESC LIMIT 1)"
	    " FROM address a WHERE a.text = ?1 COLLATE NOCASE"
	    " UNION ALL SELECT"
	    " (SELECT r.message FROM recipient r WHERE r.original = a.id"
	    " AND r.message < ?3 ORDER BY r.message DESC LIMIT 1)"
	    " FROM address a WHERE a.text = ?1 COLLATE NOCASE)",
	[MESSAGE] =
	    "SELECT m.received, m.size, m.uid, m.cause, m.client, m.helo,"
	    " m.message_id, a.text, m.login FROM message m"
	    " LEFT JOIN address a ON a.id = m.sender WHERE m.id = ?1",
	[RCPTS] =
	    "SELECT r.grp, r.n, a.text, o.text, r.fate, r.at, r.reply, r.host,"
	    " r.addr, r.tls FROM recipient r LEFT JOIN address a ON a.id = r.address"
	    " LEFT JOIN address o ON o.id = r.original"
	    " WHERE r.message = ?1 AND (r.grp, r.n) > (?2, ?3)"
	    " ORDER BY r.grp, r.n",
	[EVENTS] =
	    "SELECT e.seq, e.at, e.kind, e.grp, a.text, e.count, e.other,"
	    " e.uid, e.reply, e.host, e.addr, e.tls FROM event e"
	    " LEFT JOIN address a ON a.id = e.address"
	    " WHERE e.message = ?1 AND e.seq > ?2 ORDER BY e.seq",
};
/* clang-format on */

struct past_rows {
	struct report_db db;
	struct rows *failed; /* whose failure it was, NULL: ours */
};

/* What one call has to work with. */
struct slice {
	struct past_rows *p;
	struct rows *queue;
	struct past_ask *ask;
	const struct past_out *out;
	int cost;
};

struct past_rows *
past_rows_new(const char *path)
{
	struct past_rows *p = mem_zero(1, sizeof(*p));

	p->db.path = path;
	p->db.name = "history.db";
	p->db.writer = "postern-history";
	p->db.version = HISTORY_VERSION;
	p->db.texts = texts;
	p->db.ntexts = STATEMENTS;
	return p;
}

void
past_rows_free(struct past_rows *p)
{
	report_db_close(&p->db);
	mem_free(p);
}

const char *
past_rows_error(const struct past_rows *p, uint16_t *code)
{
	if (p->failed != NULL)
		return rows_error(p->failed, code);
	*code = p->db.code;
	return p->db.error;
}

static bool
is_enough(struct slice *s, int cost)
{
	s->cost += cost;
	return s->cost >= SLICE_COST || s->out->full(s->out->arg);
}

static void
enter(struct past_ask *a, enum past_stage stage)
{
	a->stage = stage;
	a->group = a->n = -1;
}

static sqlite3_stmt *
statement(const struct slice *s, enum statement which)
{
	return s->p->db.statements[which];
}

/* How a read ended: SQLITE_DONE is the way on. */
static enum rows_result
end_read(sqlite3_stmt *st, int code, enum rows_result fine)
{
	sqlite3_reset(st);
	return code == SQLITE_ROW || code == SQLITE_DONE ? fine : ROWS_FAILED;
}

static enum rows_result
find(struct slice *s)
{
	struct past_ask *a = s->ask;
	sqlite3_stmt *st = statement(s, FIND);
	uint64_t before =
	    a->before == 0 || a->before > INT64_MAX ? INT64_MAX : a->before;
	int code;

	if (a->id != 0 && a->at == a->id)
		return ROWS_OVER;
	a->at = a->id;
	a->told = false;
	if (a->id == 0) {
		sqlite3_bind_text(st, 1, a->text, -1, SQLITE_STATIC);
		sqlite3_bind_int64(st, 2, history_hash(view_of(a->text)));
		sqlite3_bind_int64(st, 3, (int64_t)before);
		code = sqlite3_step(st);
		if (code == SQLITE_ROW)
			a->at = (uint64_t)sqlite3_column_int64(st, 0);
		if (end_read(st, code, ROWS_OVER) == ROWS_FAILED)
			return ROWS_FAILED;
		if (a->at == 0 || a->at > INT64_MAX)
			return ROWS_OVER;
		a->before = a->at;
	}
	if (a->limit == 0)
		return ROWS_LIMIT;
	enter(a, STAGE_MESSAGE);
	return ROWS_GO_ON;
}

static void
fill_message(sqlite3_stmt *st, uint64_t id, struct msg_past_message *m)
{
	memset(m, 0, sizeof(*m));
	m->id = id;
	m->received = sqlite3_column_int64(st, 0);
	m->size = (uint64_t)sqlite3_column_int64(st, 1);
	m->uid = report_uid(st, 2);
	m->cause = (uint64_t)sqlite3_column_int64(st, 3);
	report_ip(st, 4, &m->client_family, m->client);
	report_text(st, 5, m->helo, sizeof(m->helo));
	report_text(st, 6, m->message_id, sizeof(m->message_id));
	report_text(st, 7, m->sender, sizeof(m->sender));
	report_text(st, 8, m->login, sizeof(m->login));
}

static void
tell_message(struct slice *s, const struct msg_past_message *m)
{
	s->out->message(s->out->arg, m);
	s->ask->told = true;
	s->ask->limit--;
	s->cost += COST_SENT;
}

static enum rows_result
stage_message(struct slice *s)
{
	struct past_ask *a = s->ask;
	sqlite3_stmt *st = statement(s, MESSAGE);
	enum rows_result result = ROWS_GO_ON;
	struct msg_past_message m;
	int code;

	sqlite3_bind_int64(st, 1, (int64_t)a->at);
	code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		fill_message(st, a->at, &m);
	if (end_read(st, code, ROWS_GO_ON) == ROWS_FAILED)
		return ROWS_FAILED;
	enter(a, STAGE_RCPTS);
	if (code == SQLITE_DONE) {
		enter(a, STAGE_QUEUED);
	} else if (!a->all && m.uid != a->uid) {
		result = a->id != 0 ? ROWS_FOREIGN : ROWS_GO_ON;
		enter(a, STAGE_FIND);
	} else if (m.received < a->since) {
		/* ids are given out ahead: a later one may be older */
		enter(a, STAGE_FIND);
	} else {
		tell_message(s, &m);
	}
	return result;
}

static void
tell_rcpt(struct slice *s, sqlite3_stmt *st)
{
	struct msg_past_rcpt m = { .id = s->ask->at };
	struct msg_past_event e = {
		.id = s->ask->at, .count = 1, .uid = UINT32_MAX
	};

	m.group = e.group = (uint32_t)sqlite3_column_int64(st, 0);
	m.n = e.n = (uint32_t)sqlite3_column_int64(st, 1);
	report_text(st, 2, m.address, sizeof(m.address));
	report_text(st, 3, m.original, sizeof(m.original));
	s->out->rcpt(s->out->arg, &m);
	if (sqlite3_column_type(st, 4) == SQLITE_NULL)
		return;
	e.kind = (uint8_t)sqlite3_column_int(st, 4);
	e.at = sqlite3_column_int64(st, 5);
	report_text(st, 6, e.text, sizeof(e.text));
	report_text(st, 7, e.host, sizeof(e.host));
	report_ip(st, 8, &e.family, e.bytes);
	report_text(st, 9, e.tls, sizeof(e.tls));
	memcpy(e.address, m.address, sizeof(e.address));
	if (e.kind != PAST_REMOVED) /* that is an event of its own, too */
		s->out->event(s->out->arg, &e);
}

static enum rows_result
stage_rcpts(struct slice *s)
{
	struct past_ask *a = s->ask;
	sqlite3_stmt *st = statement(s, RCPTS);
	bool enough = false;
	int code = SQLITE_ROW;

	sqlite3_bind_int64(st, 1, (int64_t)a->at);
	sqlite3_bind_int64(st, 2, a->group);
	sqlite3_bind_int64(st, 3, a->n);
	while (!enough && (code = sqlite3_step(st)) == SQLITE_ROW) {
		tell_rcpt(s, st);
		a->group = sqlite3_column_int64(st, 0);
		a->n = sqlite3_column_int64(st, 1);
		enough = is_enough(s, 2 * COST_SENT);
	}
	if (code == SQLITE_DONE)
		enter(a, STAGE_EVENTS);
	return end_read(st, code, ROWS_GO_ON);
}

static void
tell_event(struct slice *s, sqlite3_stmt *st)
{
	struct msg_past_event e = { .id = s->ask->at };

	e.at = sqlite3_column_int64(st, 1);
	e.kind = (uint8_t)sqlite3_column_int(st, 2);
	e.group = (uint32_t)sqlite3_column_int64(st, 3);
	report_text(st, 4, e.address, sizeof(e.address));
	e.count = (uint32_t)sqlite3_column_int64(st, 5);
	e.other = (uint64_t)sqlite3_column_int64(st, 6);
	e.uid = report_uid(st, 7);
	report_text(st, 8, e.text, sizeof(e.text));
	report_text(st, 9, e.host, sizeof(e.host));
	report_ip(st, 10, &e.family, e.bytes);
	report_text(st, 11, e.tls, sizeof(e.tls));
	s->out->event(s->out->arg, &e);
}

static enum rows_result
stage_events(struct slice *s)
{
	struct past_ask *a = s->ask;
	sqlite3_stmt *st = statement(s, EVENTS);
	bool enough = false;
	int code = SQLITE_ROW;

	sqlite3_bind_int64(st, 1, (int64_t)a->at);
	sqlite3_bind_int64(st, 2, a->n);
	while (!enough && (code = sqlite3_step(st)) == SQLITE_ROW) {
		tell_event(s, st);
		a->n = sqlite3_column_int64(st, 0);
		enough = is_enough(s, COST_SENT);
	}
	if (code == SQLITE_DONE)
		enter(a, STAGE_QUEUED);
	return end_read(st, code, ROWS_GO_ON);
}

/* History does not know the message: the queue tells of its beginning. */
static void
on_queue_row(void *arg, const struct msg_row *r)
{
	struct slice *s = arg;
	struct msg_past_message m = { .id = r->id,
		.size = r->size,
		.received = r->received,
		.uid = r->uid,
		.client_family = r->client_family };

	if (s->ask->told)
		return;
	memcpy(m.client, r->client, sizeof(m.client));
	memcpy(m.sender, r->sender, sizeof(m.sender));
	memcpy(m.helo, r->helo, sizeof(m.helo));
	memcpy(m.message_id, r->message_id, sizeof(m.message_id));
	memcpy(m.login, r->login, sizeof(m.login));
	tell_message(s, &m);
}

static void
on_queue_rcpt(void *arg, const struct msg_row_rcpt *m)
{
	struct slice *s = arg;

	s->out->queued(s->out->arg, m);
	s->cost += COST_SENT;
}

static bool
queue_is_full(void *arg)
{
	struct slice *s = arg;

	return is_enough(s, 0);
}

static enum rows_result
stage_queued(struct slice *s)
{
	const struct rows_out out = { on_queue_row, on_queue_rcpt,
		queue_is_full, s };
	struct past_ask *a = s->ask;
	enum rows_result result;

	if (a->n == -1) {
		memset(&a->queued, 0, sizeof(a->queued));
		a->queued.after = a->at - 1;
		a->queued.only = a->at;
		a->queued.limit = 1;
		a->queued.all = a->all;
		a->queued.uid = a->uid;
		a->n = 0;
	}
	result = rows_slice(s->queue, &a->queued, &out);
	switch (result) {
	case ROWS_GO_ON:
		break;
	case ROWS_FAILED:
		s->p->failed = s->queue;
		break;
	case ROWS_FOREIGN:
		if (a->id == 0 || a->told)
			result = ROWS_GO_ON;
		enter(a, STAGE_FIND);
		break;
	case ROWS_LIMIT:
	case ROWS_OVER:
		result = ROWS_GO_ON;
		enter(a, STAGE_FIND);
		break;
	}
	return result;
}

static enum rows_result
step(struct slice *s)
{
	s->cost += COST_SEEN;
	switch (s->ask->stage) {
	case STAGE_FIND:
		return find(s);
	case STAGE_MESSAGE:
		return stage_message(s);
	case STAGE_RCPTS:
		return stage_rcpts(s);
	case STAGE_EVENTS:
		return stage_events(s);
	case STAGE_QUEUED:
		return stage_queued(s);
	}
	return ROWS_OVER;
}

/* Without history the queue still knows what waits in it. */
static bool
open_past(struct slice *s)
{
	struct past_ask *a = s->ask;

	if (report_db_open(&s->p->db))
		return true;
	if (a->id == 0 || s->p->db.code == EX_DATAERR)
		return false;
	if (a->stage != STAGE_FIND && a->stage != STAGE_QUEUED)
		return false; /* it went away in between */
	if (a->stage == STAGE_FIND && a->at != a->id) {
		a->at = a->id;
		enter(a, STAGE_QUEUED);
	}
	return true;
}

enum rows_result
past_slice(struct past_rows *p, struct rows *queue, struct past_ask *a,
    const struct past_out *out)
{
	struct slice s = { p, queue, a, out, 0 };
	enum rows_result result = ROWS_GO_ON;
	int try = 0;

	p->failed = NULL;
	if (a->id > INT64_MAX)
		return ROWS_OVER;
	if (!open_past(&s))
		return ROWS_FAILED;
	while (result == ROWS_GO_ON && !is_enough(&s, 0)) {
		result = step(&s);
		if (result == ROWS_FAILED && p->failed == NULL &&
		    report_db_met_writer(&p->db, try++))
			result = ROWS_GO_ON;
	}
	if (result == ROWS_FAILED && p->failed == NULL)
		report_db_fail_sql(&p->db);
	return result;
}
