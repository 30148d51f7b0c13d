/* SPDX-License-Identifier: ISC */
/* queue/report_sql.c - a question in SQL, answered from the stable views.
 *
 * A cell in memory: kind, flags, its length (2 bytes), its bytes, as they go
 * into one frame; with a gap, so that it counts for what it costs to send.
 */
#include "queue/report_sql.h"

#include "common/base/clock.h"
#include "queue/report_views.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum {
	CELL_HEAD = 20,
	STEPS = 1000, /* of the machine, between two looks at the clock */
	TRIES = 8     /* to begin while the writer writes */
};

struct run {
	struct views views;
	sqlite3_stmt *statement;
	struct sql_answer *answer;
	int64_t until; /* monotonic, ms */
};

void
sql_init(void)
{
	sqlite3_hard_heap_limit64(SQL_MEMORY_MAX);
}

/* A reason in our words, with a word of SQLite's in it or without. */
static void
refuse(struct sql_answer *a, int code, const char *text, const char *word)
{
	a->code = (uint16_t)code;
	snprintf(a->text, sizeof(a->text), "%s%s", text, word);
}

static void
too_large(struct sql_answer *a)
{
	refuse(a, EX_UNAVAILABLE,
	    "the answer is cut: this takes more memory than a question gets",
	    "");
}

static int
is_late(void *arg)
{
	const struct run *r = arg;

	return clock_mono_ms() >= r->until;
}

/* What SQLite did not like, in words that say whose turn it is. */
static void
explain(struct run *r, int code)
{
	struct sql_answer *a = r->answer;
	const char *text = sqlite3_errmsg(r->views.db.db);

	if ((code & 0xff) == SQLITE_AUTH && is_late(r))
		code = SQLITE_INTERRUPT;
	switch (code & 0xff) {
	case SQLITE_AUTH:
		refuse(a, EX_USAGE,
		    "only the views message, recipient, destination and event "
		    "can be read, with functions that do nothing else: ",
		    text);
		break;
	case SQLITE_INTERRUPT:
		refuse(a, EX_UNAVAILABLE,
		    "the answer is cut: the question takes longer than 5 "
		    "seconds",
		    "");
		break;
	case SQLITE_NOMEM:
		too_large(a);
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		refuse(a, EX_DATAERR, "a database is damaged: ", text);
		break;
	case SQLITE_ERROR:
	case SQLITE_TOOBIG:
	case SQLITE_MISMATCH:
	case SQLITE_RANGE:
		refuse(a, EX_USAGE, "", text);
		break;
	default:
		refuse(a, EX_TEMPFAIL, "try again: ", text);
		break;
	}
}

static void
put(struct buf *out, enum sql_kind kind, int flags, struct view v)
{
	char head[CELL_HEAD] = { (char)kind, (char)flags, (char)(v.len & 0xff),
		(char)(v.len >> 8) };

	buf_add(out, view_make(head, sizeof(head)));
	buf_add(out, v);
}

/* In as many frames as it takes.  A frame's text holds no NUL. */
static void
put_cell(struct buf *out, enum sql_kind kind, bool last, struct view v)
{
	int flags = last ? SQL_LAST : 0;

	while (v.len > SQL_CELL_MAX) {
		put(out, kind, flags | SQL_GOES_ON,
		    view_make(v.data, SQL_CELL_MAX));
		v = view_skip(v, SQL_CELL_MAX);
	}
	put(out, kind, flags, v);
}

/* What cannot be said becomes what says that something was there. */
static void
put_words(struct buf *out, bool last, struct view v)
{
	struct buf clean;
	size_t n;

	if (view_find(v, '\0') == v.len) {
		put_cell(out, SQL_WORDS, last, v);
		return;
	}
	buf_init(&clean, 3 * v.len);
	while (v.len > 0) {
		n = view_find(v, '\0');
		buf_add(&clean, view_make(v.data, n));
		if (n < v.len)
			buf_add_string(&clean, "\xef\xbf\xbd");
		v = view_skip(v, n + 1);
	}
	put_cell(out, SQL_WORDS, last, buf_view(&clean));
	buf_free(&clean);
}

static void
put_bytes(struct buf *out, bool last, struct view v)
{
	struct buf hex;

	buf_init(&hex, 2 * v.len + 1);
	for (size_t i = 0; i < v.len; i++)
		buf_printf(&hex, "%02x", (unsigned char)v.data[i]);
	put_cell(out, SQL_BYTES, last, buf_view(&hex));
	buf_free(&hex);
}

/* JSON knows no infinity; what is larger than any number reads as one. */
static void
put_real(struct buf *out, bool last, sqlite3_stmt *s, int i)
{
	double d = sqlite3_column_double(s, i);
	const char *text = (const char *)sqlite3_column_text(s, i);

	if (d > 1.7976931348623157e308)
		text = "9e999";
	else if (d < -1.7976931348623157e308)
		text = "-9e999";
	put_cell(out, SQL_NUMBER, last, view_of(text == NULL ? "0" : text));
}

static void
put_column(struct buf *out, bool last, sqlite3_stmt *s, int i)
{
	int type = sqlite3_column_type(s, i);
	const char *data = NULL;
	struct view v;

	if (type == SQLITE_FLOAT) {
		put_real(out, last, s, i);
		return;
	}
	if (type == SQLITE_BLOB)
		data = sqlite3_column_blob(s, i);
	else if (type != SQLITE_NULL)
		data = (const char *)sqlite3_column_text(s, i);
	v = data == NULL ? view_make("", 0)
			 : view_make(data, (size_t)sqlite3_column_bytes(s, i));
	if (type == SQLITE_INTEGER)
		put_cell(out, SQL_NUMBER, last, v);
	else if (type == SQLITE_TEXT)
		put_words(out, last, v);
	else if (type == SQLITE_BLOB)
		put_bytes(out, last, v);
	else
		put_cell(out, SQL_NULL, last, v);
}

/* False: it did not fit, and nothing of it stays. */
static bool
take_row(struct run *r)
{
	struct buf *out = &r->answer->cells;
	int n = sqlite3_column_count(r->statement);
	size_t before = out->len;

	for (int i = 0; i < n && buf_ok(out); i++)
		put_column(out, i + 1 == n, r->statement, i);
	if (buf_ok(out)) {
		r->answer->rows++;
		return true;
	}
	out->failed = false;
	out->len = before;
	return false;
}

static void
take_names(struct run *r)
{
	int n = sqlite3_column_count(r->statement);
	const char *name;

	for (int i = 0; i < n; i++) {
		name = sqlite3_column_name(r->statement, i);
		put_cell(&r->answer->cells, SQL_NAME, i + 1 == n,
		    view_of(name == NULL ? "" : name));
	}
}

static void
take_rows(struct run *r)
{
	int code = SQLITE_ROW, try = 0;

	take_names(r);
	while (code == SQLITE_ROW) {
		code = sqlite3_step(r->statement);
		if (code == SQLITE_ROW && is_late(r)) {
			code = SQLITE_INTERRUPT;
		} else if (code == SQLITE_ROW && !take_row(r)) {
			refuse(r->answer, EX_UNAVAILABLE,
			    "the answer is cut: it is larger than 64 MiB", "");
			return;
		} else if ((code & 0xff) == SQLITE_READONLY &&
			   r->answer->rows == 0 && try++ < TRIES) {
			/* met the writer in the act, as in report_db.c */
			sqlite3_reset(r->statement);
			code = SQLITE_ROW;
		}
	}
	if (code != SQLITE_DONE)
		explain(r, code);
}

/* Nothing but blanks and comments is behind the statement. */
static bool
is_alone(struct run *r, const char *tail)
{
	sqlite3_stmt *second = NULL;
	int code = SQLITE_OK;

	while (code == SQLITE_OK && second == NULL && tail[0] != '\0')
		code = sqlite3_prepare_v2(
		    r->views.db.db, tail, -1, &second, &tail);
	sqlite3_finalize(second);
	if (code == SQLITE_OK && second == NULL)
		return true;
	refuse(r->answer, EX_USAGE, "one statement, please", "");
	return false;
}

static int
compile(struct run *r, const char *text, const char **tail)
{
	int code = SQLITE_OK;

	for (int try = 0; try < TRIES; try++) {
		code = sqlite3_prepare_v2(
		    r->views.db.db, text, -1, &r->statement, tail);
		if ((code & 0xff) != SQLITE_READONLY)
			break;
	}
	return code;
}

static void
answer(struct run *r, const char *text)
{
	const char *tail;
	int code = compile(r, text, &tail);

	if (code != SQLITE_OK)
		explain(r, code);
	else if (r->statement == NULL)
		refuse(r->answer, EX_USAGE, "there is no statement", "");
	else if (sqlite3_stmt_isexplain(r->statement) != 0 ||
		 sqlite3_stmt_readonly(r->statement) == 0)
		refuse(r->answer, EX_USAGE, "a SELECT, please", "");
	else if (is_alone(r, tail))
		take_rows(r);
}

void
sql_run(const char *text, struct sql_answer *a)
{
	struct run r = { .answer = a, .until = clock_mono_ms() + SQL_MS };
	bool open = false;

	memset(a, 0, sizeof(*a));
	buf_init(&a->cells, SQL_ANSWER_MAX);
	for (int try = 0; try < TRIES && !open; try++) {
		open = views_open(&r.views, r.until);
		if (!open)
			views_close(&r.views);
		if (!open && r.views.db.code != EX_TEMPFAIL)
			break;
	}
	if (!open) {
		refuse(a, r.views.db.code, r.views.db.error, "");
		return;
	}
	sqlite3_progress_handler(r.views.db.db, STEPS, is_late, &r);
	answer(&r, text);
	sqlite3_finalize(r.statement);
	views_close(&r.views);
}

bool
sql_answer_cell(struct sql_answer *a, struct msg_sql_cell *m)
{
	const unsigned char *p = (unsigned char *)a->cells.data + a->at;
	size_t len;

	if (a->at >= a->cells.len)
		return false;
	len = (size_t)p[2] | (size_t)p[3] << 8;
	m->kind = p[0];
	m->flags = p[1];
	memcpy(m->text, p + CELL_HEAD, len);
	m->text[len] = '\0';
	a->at += CELL_HEAD + len;
	return true;
}

void
sql_answer_end(const struct sql_answer *a, struct msg_sql_end *m)
{
	memset(m, 0, sizeof(*m));
	m->code = a->code;
	m->rows = a->rows;
	memcpy(m->text, a->text, sizeof(m->text));
}

void
sql_answer_free(struct sql_answer *a)
{
	buf_free(&a->cells);
	a->at = 0;
}
