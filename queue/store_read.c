/* SPDX-License-Identifier: ISC */
/* queue/store_read.c - what the store thread reads from queue.db.
 *
 * Rows are untrusted: one that cannot be used (a text too long, no message, no
 * recipients) is told with its flaw, to be set aside (store_aside.c), and
 * nothing else is affected.
 */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/mail/notify.h"
#include "queue/sound.h"
#include "queue/store_int.h"

#include <sqlite3.h>
#include <string.h>

enum statement {
	LOAD_GROUPS,
	LOAD_NEXT,
	LOAD_ONE,
	LOAD_MESSAGE,
	LOAD_RCPTS,
	DUE,
	NEXT_WAKE,
	FATE,
	OWNER,
	STATEMENTS
};

static const char *const texts[STATEMENTS] = {
	[LOAD_GROUPS] = "SELECT message, n, next_try, attempts, error"
			" FROM grp WHERE destination = ?1 AND state = 3"
			" AND next_try <= ?2"
			" AND (next_try, message, n) > (?3, ?4, ?5)"
			" ORDER BY next_try, message, n LIMIT ?6",
	[LOAD_NEXT] = "SELECT min(next_try) FROM grp WHERE destination = ?1"
		      " AND state = 3 AND next_try > ?2",
	[LOAD_ONE] = "SELECT message, n, next_try, attempts, error"
		     " FROM grp WHERE message = ? AND n = ?",
	[LOAD_MESSAGE] = "SELECT shard, size, received, class, uid, flags,"
			 " sender, client, helo, message_id, ret, envid,"
			 " login"
			 " FROM message WHERE id = ?",
	[LOAD_RCPTS] = "SELECT n, address, original, notify, orcpt"
		       " FROM recipient"
		       " WHERE message = ? AND grp = ? ORDER BY n",
	[DUE] = "SELECT id, transport, host, port, not_before, failures, wake,"
		" coalesce(suspended, 0), told"
		" FROM destination WHERE wake IS NOT NULL AND wake <= ?1"
		" AND (wake, id) > (?2, ?3) ORDER BY wake, id LIMIT ?4",
	[NEXT_WAKE] = "SELECT min(wake) FROM destination"
		      " WHERE wake IS NOT NULL AND wake > ?",
	[FATE] = "SELECT 1 FROM message WHERE id = ?",
	[OWNER] = "SELECT uid, shard FROM message WHERE id = ?",
};

static struct {
	struct sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	const char *flaw; /* of the group being read, NULL none yet */
	bool failed;      /* the operation has, for a reason that may pass */
	unsigned int failures; /* of operations, in a row */
} reader;

enum { READ_TRIES = 5 };

void
read_prepare(struct sqlite3 *db)
{
	reader.db = db;
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &reader.statements[i],
			NULL) != SQLITE_OK)
			fatal("queue.db: %s", sqlite3_errmsg(db));
}

/* "" for NULL; what lies behind a NUL would never be seen again. */
static const char *
text_of(sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	if (text == NULL) {
		if (sqlite3_column_type(s, column) != SQLITE_NULL)
			reader.failed = true; /* no memory: it is not empty */
		return "";
	}
	if (strlen(text) != (size_t)sqlite3_column_bytes(s, column))
		reader.flaw = "a NUL stands in a text";
	return text;
}

static int64_t
number_of(sqlite3_stmt *s, int column, int64_t max)
{
	bool integer = sqlite3_column_type(s, column) == SQLITE_INTEGER;
	int64_t n = sqlite3_column_int64(s, column);

	if (integer && n >= 0 && n <= max)
		return n;
	reader.flaw = "a number is out of range";
	return 0;
}

static char *
copy_of(sqlite3_stmt *s, int column)
{
	return mem_copy_string(text_of(s, column));
}

/* A value that could not have been asked for is as good as none. */
static void
load_wishes(sqlite3_stmt *s, struct message *m)
{
	int64_t ret = sqlite3_column_int64(s, 10);

	if (ret > 0 && ret <= RET_HDRS)
		m->ret = (uint8_t)ret;
	if (!envid_sound(text_of(s, 11)))
		return;
	mem_free(m->envid);
	m->envid = copy_of(s, 11);
	mem_free(m->login);
	m->login = copy_of(s, 12);
}

/*
 * A step that must not fail: what cannot be read is not what was written.
 * What is damaged stays so; any other failure may pass, and what was read does
 * not count, until it has failed so often that it is taken for damage.
 */
static bool
step(sqlite3_stmt *s)
{
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW || code == SQLITE_DONE)
		return code == SQLITE_ROW;
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB ||
	    reader.failures >= READ_TRIES)
		reader.flaw = "queue.db is damaged";
	else
		reader.failed = true;
	return false;
}

/* The end of an operation that began with reader.failed = false. */
static bool
read_ended(void)
{
	reader.failures = reader.failed ? reader.failures + 1 : 0;
	return !reader.failed;
}

/* NULL when there is no such row. One reference, for the caller. */
static struct message *
load_message(uint64_t id)
{
	sqlite3_stmt *s = reader.statements[LOAD_MESSAGE];
	struct message *m = NULL;

	sqlite3_bind_int64(s, 1, (int64_t)id);
	if (step(s)) {
		m = message_new();
		m->id = id;
		m->shard = (uint32_t)number_of(s, 0, UINT32_MAX);
		m->size = (uint64_t)number_of(s, 1, INT64_MAX);
		m->received = number_of(s, 2, INT64_MAX);
		m->class_ = (uint32_t)number_of(s, 3, UINT32_MAX);
		if (sqlite3_column_type(s, 4) != SQLITE_NULL)
			m->uid = number_of(s, 4, UINT32_MAX);
		m->flags = (uint32_t)number_of(s, 5, UINT32_MAX);
		m->sender = copy_of(s, 6);
		m->client = copy_of(s, 7);
		m->helo = copy_of(s, 8);
		m->message_id = copy_of(s, 9);
		load_wishes(s, m);
	}
	sqlite3_reset(s);
	return m;
}

static void
load_rcpt(sqlite3_stmt *s, struct group *g)
{
	struct rcpt_new new = { .address = text_of(s, 1),
		.original = text_of(s, 2) };
	int64_t notify = sqlite3_column_int64(s, 3);

	if (notify > 0 && notify <= UINT8_MAX && notify_sound((uint8_t)notify))
		new.notify = (uint8_t)notify;
	if (orcpt_sound(text_of(s, 4)))
		new.orcpt = text_of(s, 4);
	group_add_rcpt(g, (uint32_t)number_of(s, 0, UINT32_MAX), &new);
}

static void
load_rcpts(struct group *g)
{
	sqlite3_stmt *s = reader.statements[LOAD_RCPTS];

	sqlite3_bind_int64(s, 1, (int64_t)g->message->id);
	sqlite3_bind_int64(s, 2, g->n);
	while (step(s))
		load_rcpt(s, g);
	sqlite3_reset(s);
}

/* NULL: it cannot be used, and *flaw says why. */
static struct group *
load_group(sqlite3_stmt *s, const char **flaw)
{
	struct message *m;
	struct group *g;

	reader.flaw = NULL;
	m = load_message((uint64_t)sqlite3_column_int64(s, 0));
	if (m == NULL) {
		*flaw = reader.flaw != NULL ? reader.flaw : "no such message";
		return NULL;
	}
	g = group_new(m, (uint32_t)number_of(s, 1, UINT32_MAX));
	message_release(m);
	g->state = GROUP_WAITING;
	g->next_try = number_of(s, 2, INT64_MAX);
	g->attempts = (uint32_t)number_of(s, 3, UINT32_MAX);
	if (sqlite3_column_type(s, 4) != SQLITE_NULL)
		g->error = copy_of(s, 4);
	load_rcpts(g);
	*flaw = reader.flaw != NULL ? reader.flaw : sound_group(g);
	if (*flaw == NULL && !reader.failed)
		return g;
	group_free(g);
	return NULL;
}

const char *
read_flaw(sqlite3_stmt *s)
{
	const char *flaw;
	struct group *g = load_group(s, &flaw);

	if (g != NULL)
		group_free(g);
	return flaw;
}

static void
flawed_add(struct store_flawed *f, sqlite3_stmt *s, const char *why)
{
	f->items[f->n].message = (uint64_t)sqlite3_column_int64(s, 0);
	f->items[f->n].group = sqlite3_column_int64(s, 1);
	f->items[f->n].why = why;
	f->n++;
}

/* When the first group that is not due will be. */
static void
read_next(struct store_load *l)
{
	sqlite3_stmt *s = reader.statements[LOAD_NEXT];

	sqlite3_bind_int64(s, 1, l->destination_id);
	sqlite3_bind_int64(s, 2, l->now);
	if (step(s))
		l->next_due = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
}

bool
read_load(struct store_load *l)
{
	sqlite3_stmt *s = reader.statements[LOAD_GROUPS];
	const char *flaw;
	size_t seen = 0;

	if (l->max > STORE_LOAD_MAX)
		l->max = STORE_LOAD_MAX;
	sqlite3_bind_int64(s, 1, l->destination_id);
	sqlite3_bind_int64(s, 2, l->now);
	sqlite3_bind_int64(s, 3, l->after_time);
	sqlite3_bind_int64(s, 4, (int64_t)l->after_message);
	sqlite3_bind_int64(s, 5, l->after_n);
	sqlite3_bind_int64(s, 6, (int64_t)l->max);
	reader.failed = false;
	while (!reader.failed && step(s)) {
		seen++;
		l->after_message = (uint64_t)sqlite3_column_int64(s, 0);
		l->after_n = (uint32_t)sqlite3_column_int64(s, 1);
		l->after_time = sqlite3_column_int64(s, 2);
		l->groups[l->n] = load_group(s, &flaw);
		if (l->groups[l->n] != NULL)
			l->n++;
		else if (!reader.failed)
			flawed_add(&l->flawed, s, flaw);
	}
	sqlite3_reset(s);
	l->more = seen == l->max;
	if (!l->more && !reader.failed)
		read_next(l);
	if (read_ended())
		return true;
	while (l->n > 0)
		group_free(l->groups[--l->n]);
	return false;
}

bool
read_get(struct store_get *g)
{
	sqlite3_stmt *s = reader.statements[LOAD_ONE];
	const char *flaw;

	sqlite3_bind_int64(s, 1, (int64_t)g->message);
	sqlite3_bind_int64(s, 2, g->n);
	reader.failed = false;
	g->group = NULL;
	if (step(s)) {
		g->group = load_group(s, &flaw);
		if (g->group == NULL && !reader.failed)
			flawed_add(&g->flawed, s, flaw);
	}
	sqlite3_reset(s);
	return read_ended();
}

static bool
due_row(sqlite3_stmt *s, struct store_due_row *r)
{
	struct view host;

	reader.flaw = NULL;
	host = view_of(text_of(s, 2));
	r->row.id = sqlite3_column_int64(s, 0);
	r->transport = (uint8_t)number_of(s, 1, UINT8_MAX);
	r->port = (uint16_t)sqlite3_column_int64(s, 3);
	r->row.not_before = sqlite3_column_int64(s, 4);
	r->row.failures = (uint32_t)sqlite3_column_int64(s, 5);
	r->row.suspended = sqlite3_column_int64(s, 7);
	r->row.told = sqlite3_column_int64(s, 8);
	r->wake = sqlite3_column_int64(s, 6);
	return reader.flaw == NULL && !reader.failed &&
	       r->transport >= TRANSPORT_MX && r->transport <= TRANSPORT_LMTP &&
	       host.len > 0 && view_copy(host, r->host, sizeof(r->host));
}

bool
read_due(struct store_due *d)
{
	sqlite3_stmt *s = reader.statements[DUE];

	sqlite3_bind_int64(s, 1, d->now);
	sqlite3_bind_int64(s, 2, d->after_wake);
	sqlite3_bind_int64(s, 3, d->after_id);
	sqlite3_bind_int64(s, 4, STORE_DUE_MAX);
	d->n = 0;
	reader.failed = false;
	while (!reader.failed && step(s))
		if (due_row(s, &d->rows[d->n]))
			d->n++;
		else if (!reader.failed)
			d->flawed[d->nflawed++] = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	s = reader.statements[NEXT_WAKE];
	sqlite3_bind_int64(s, 1, d->now);
	d->next_wake = 0;
	if (step(s))
		d->next_wake = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return read_ended();
}

bool
read_known(uint64_t id)
{
	sqlite3_stmt *s = reader.statements[FATE];
	int code;

	sqlite3_bind_int64(s, 1, (int64_t)id);
	code = sqlite3_step(s);
	sqlite3_reset(s);
	return code != SQLITE_DONE; /* in doubt: yes */
}

/* Who asks will not ask twice, but would ask the next queue. */
void
read_fate(struct store_fate *f)
{
	sqlite3_stmt *s = reader.statements[FATE];
	int code;

	sqlite3_bind_int64(s, 1, (int64_t)f->id);
	code = sqlite3_step(s);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		fatal("queue.db: fate: %s", sqlite3_errmsg(reader.db));
	f->stored = code == SQLITE_ROW;
	sqlite3_reset(s);
}

bool
read_owner(uint64_t id, struct store_owner *o)
{
	sqlite3_stmt *s = reader.statements[OWNER];
	int code;

	sqlite3_bind_int64(s, 1, (int64_t)id);
	code = sqlite3_step(s);
	o->known = code == SQLITE_ROW;
	o->uid = UID_NONE;
	o->shard = 0;
	if (o->known) {
		if (sqlite3_column_type(s, 0) != SQLITE_NULL)
			o->uid = sqlite3_column_int64(s, 0);
		o->shard = (uint32_t)sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
	return code == SQLITE_ROW || code == SQLITE_DONE;
}
