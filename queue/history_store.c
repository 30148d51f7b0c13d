/* SPDX-License-Identifier: ISC */
/* queue/history_store.c - history.db, written.
 *
 * The one connection that writes to it, and checkpoints.
 */
#include "common/base/alloc.h"
#include "common/base/ip.h"
#include "common/base/log.h"
#include "common/mail/status.h"
#include "queue/history_int.h"
#include "queue/history_schema.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { REPLY_BYTES = MSG_TEXT_MAX + 32 };

/* clang-format off */
static const char *const texts[STATEMENTS] = {
	[FIND_ADDRESS] = "SELECT id FROM address"
	    " WHERE text = ?1 COLLATE NOCASE AND text = ?1 COLLATE BINARY",
	[ADD_ADDRESS] = "INSERT INTO address(text) VALUES(?)",
	[ADD_MESSAGE] = "INSERT OR REPLACE INTO message"
	    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ADD_RCPT] = "INSERT OR IGNORE INTO recipient"
	    "(message, grp, n, address, original) VALUES(?, ?, ?, ?, ?)",
	[END_RCPT] = "UPDATE recipient SET fate = ?4, at = ?5, reply = ?6,"
	    " host = ?7, addr = ?8, tls = ?9"
	    " WHERE message = ?1 AND grp = ?2 AND n = ?3",
	[END_RCPT_ANEW] = "INSERT INTO recipient(message, grp, n, fate, at,"
	    " reply, host, addr, tls, address) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7,"
	    " ?8, ?9, ?10)",
	[END_ALL] = "UPDATE recipient SET fate = ?2, at = ?3"
	    " WHERE message = ?1 AND fate IS NULL",
	[ADD_EVENT] = "INSERT INTO event VALUES(?1,"
	    " (SELECT coalesce(max(seq), 0) + 1 FROM event WHERE message = ?1),"
	    " ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[ADD_LOST] = "UPDATE meta SET value = value + ? WHERE key = 'lost'",
	[TRIM_BOUND] = "SELECT max(id) FROM"
	    " (SELECT id, received FROM message ORDER BY id LIMIT ?1)"
	    " WHERE received < ?2",
	[TRIM_RCPTS] = "DELETE FROM recipient WHERE message <= ?",
	[TRIM_EVENTS] = "DELETE FROM event WHERE message <= ?",
	[TRIM_MESSAGE] = "DELETE FROM message WHERE id <= ?",
	[SWEEP] = "DELETE FROM address WHERE id BETWEEN ?1 AND ?2"
	    " AND NOT EXISTS (SELECT 1 FROM message WHERE sender = address.id)"
	    " AND NOT EXISTS"
	    " (SELECT 1 FROM recipient WHERE address = address.id)"
	    " AND NOT EXISTS"
	    " (SELECT 1 FROM recipient WHERE original = address.id)",
};
/* clang-format on */

static const char settings[] = "PRAGMA synchronous = NORMAL;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA journal_size_limit = 16777216;"
			       "PRAGMA trusted_schema = 0;"
			       "PRAGMA cell_size_check = 1;"
			       "PRAGMA mmap_size = 0;"
			       "PRAGMA cache_size = -16384;";

struct past *
past_new(const struct past_limits *limits)
{
	struct past *p = mem_zero(1, sizeof(*p));

	p->limits = *limits;
	p->sweep = -1;
	return p;
}

void
past_cache_clear(struct past *p)
{
	for (size_t i = 0; i < CACHE_SIZE; i++) {
		mem_free(p->cache[i].text);
		p->cache[i].text = NULL;
	}
}

static void
past_close(struct past *p)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(p->statements[i]);
	memset(p->statements, 0, sizeof(p->statements));
	sqlite3_close(p->db);
	p->db = NULL;
	p->begun = false;
	past_cache_clear(p);
}

void
past_free(struct past *p)
{
	past_close(p);
	mem_free(p);
}

static void
set_aside(void)
{
	(void)rename("history.db", "history.db.damaged");
	(void)remove("history.db-wal");
	(void)remove("history.db-shm");
	log_info("history-damaged",
	    "history.db is damaged: kept as history.db.damaged, a new one "
	    "begins");
}

/* What this transaction had is lost; the next one begins with a new
 * connection. */
static bool
fail(struct past *p)
{
	int code = sqlite3_errcode(p->db) & 0xff;

	if (!p->troubled)
		log_info(
		    "history-failed", "history.db: %s", sqlite3_errmsg(p->db));
	p->troubled = true;
	p->lost += p->told + 1;
	p->told = 0;
	past_close(p);
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		set_aside();
	return false;
}

int64_t
past_number(struct past *p, const char *sql)
{
	sqlite3_stmt *s;
	int64_t n = -1;

	if (sqlite3_prepare_v2(p->db, sql, -1, &s, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

bool
past_run(struct past *p, const char *sql)
{
	return sqlite3_exec(p->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool
version_fits(struct past *p)
{
	int64_t version = past_number(p, "PRAGMA user_version");

	if (version == HISTORY_VERSION)
		return true;
	if (version == 0 && !past_run(p, history_tables))
		return fail(p);
	if (version == 0 || version == 1)
		return past_run(p, history_upgrade) || fail(p);
	if (version == -1)
		return fail(p);
	p->foreign = true;
	log_info("history-foreign",
	    "history.db has version %d, made by a newer postern: left alone, "
	    "and nothing is kept",
	    (int)version);
	past_close(p);
	return false;
}

static bool
prepare(struct past *p)
{
	if (!past_run(p, settings))
		return fail(p);
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(p->db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &p->statements[i],
			NULL) != SQLITE_OK)
			return fail(p);
	return true;
}

static bool
past_open(struct past *p)
{
	int keep = 1;

	if (p->db != NULL)
		return true;
	if (p->foreign)
		return false;
	if (sqlite3_open_v2("history.db", &p->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		    SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		return fail(p);
	sqlite3_db_config(p->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(
	    p->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	if (!version_fits(p) || !prepare(p))
		return false;
	/* a reader under another account cannot make -wal and -shm */
	sqlite3_file_control(p->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	return true;
}

bool
past_begin(struct past *p)
{
	if (p->begun)
		return true;
	if (!past_open(p)) {
		p->lost += p->foreign ? 1 : 0;
		return false;
	}
	p->begun = past_run(p, "BEGIN IMMEDIATE") || fail(p);
	return p->begun;
}

/* Runs it to the end, then it can be bound anew. */
bool
past_step(struct past *p, enum statement which)
{
	sqlite3_stmt *s = p->statements[which];
	bool fine = sqlite3_step(s) == SQLITE_DONE;

	if (!fine)
		return fail(p);
	sqlite3_reset(s);
	return true;
}

static void
bind_text(sqlite3_stmt *s, int place, const char *text)
{
	sqlite3_bind_text(s, place, text, -1, SQLITE_STATIC);
}

static void
bind_text_or_null(sqlite3_stmt *s, int place, const char *text)
{
	if (text[0] == '\0')
		sqlite3_bind_null(s, place);
	else
		bind_text(s, place, text);
}

static void
bind_uid(sqlite3_stmt *s, int place, uint32_t uid)
{
	if (uid == UINT32_MAX)
		sqlite3_bind_null(s, place);
	else
		sqlite3_bind_int64(s, place, uid);
}

static void
bind_id_or_null(sqlite3_stmt *s, int place, uint64_t id)
{
	if (id == 0)
		sqlite3_bind_null(s, place);
	else
		sqlite3_bind_int64(s, place, (int64_t)id);
}

/* The number of an address, made if need be; 0: the database failed. */
static int64_t
intern(struct past *p, const char *text)
{
	size_t place = (uint64_t)history_hash(view_of(text)) % CACHE_SIZE;
	sqlite3_stmt *s = p->statements[FIND_ADDRESS];
	int64_t id;

	if (p->cache[place].text != NULL &&
	    strcmp(p->cache[place].text, text) == 0)
		return p->cache[place].id;
	bind_text(s, 1, text);
	id = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_reset(s);
	if (id == 0) {
		bind_text(p->statements[ADD_ADDRESS], 1, text);
		if (!past_step(p, ADD_ADDRESS))
			return 0;
		id = sqlite3_last_insert_rowid(p->db);
	}
	mem_free(p->cache[place].text);
	p->cache[place].text = mem_copy_string(text);
	p->cache[place].id = id;
	return id;
}

static void
ip_text(uint8_t family, const uint8_t *bytes, char out[IP_TEXT])
{
	struct ip ip = { .family = family };

	out[0] = '\0';
	memcpy(ip.bytes, bytes, sizeof(ip.bytes));
	if (family == 4 || family == 6)
		ip_print(&ip, out);
}

void
past_message(struct past *p, const struct msg_past_message *m)
{
	char client[IP_TEXT];
	sqlite3_stmt *s;
	int64_t sender;

	if (!past_begin(p))
		return;
	sender = intern(p, m->sender);
	if (sender == 0)
		return;
	ip_text(m->client_family, m->client, client);
	s = p->statements[ADD_MESSAGE];
	sqlite3_bind_int64(s, 1, (int64_t)m->id);
	sqlite3_bind_int64(s, 2, m->received);
	sqlite3_bind_int64(s, 3, (int64_t)m->size);
	bind_uid(s, 4, m->uid);
	bind_id_or_null(s, 5, m->cause);
	sqlite3_bind_int64(s, 6, sender);
	bind_text(s, 7, client);
	bind_text(s, 8, m->helo);
	bind_text(s, 9, m->message_id);
	sqlite3_bind_int64(s, 10, history_hash(view_of(m->message_id)));
	bind_text(s, 11, m->login);
	p->told += past_step(p, ADD_MESSAGE);
}

void
past_rcpt(struct past *p, const struct msg_past_rcpt *m)
{
	sqlite3_stmt *s;
	int64_t address, original = 0;

	if (!past_begin(p))
		return;
	address = intern(p, m->address);
	if (address != 0 && m->original[0] != '\0')
		original = intern(p, m->original);
	if (address == 0 || (original == 0 && m->original[0] != '\0'))
		return;
	s = p->statements[ADD_RCPT];
	sqlite3_bind_int64(s, 1, (int64_t)m->id);
	sqlite3_bind_int64(s, 2, m->group);
	sqlite3_bind_int64(s, 3, m->n);
	sqlite3_bind_int64(s, 4, address);
	bind_id_or_null(s, 5, (uint64_t)original);
	p->told += past_step(p, ADD_RCPT);
}

static void
reply_text(const struct msg_past_event *m, char out[REPLY_BYTES])
{
	if (m->smtp == 0)
		snprintf(out, REPLY_BYTES, "%s", m->text);
	else
		snprintf(out, REPLY_BYTES, "%d %d.%d.%d %s", m->smtp,
		    m->smtp / 100, m->subject, m->detail, m->text);
}

static void
bind_fate(sqlite3_stmt *s, const struct msg_past_event *m, const char *reply,
    const char *addr)
{
	sqlite3_bind_int64(s, 1, (int64_t)m->id);
	sqlite3_bind_int64(s, 2, m->group);
	sqlite3_bind_int64(s, 3, m->n);
	sqlite3_bind_int64(s, 4, m->kind);
	sqlite3_bind_int64(s, 5, m->at);
	bind_text(s, 6, reply);
	bind_text_or_null(s, 7, m->host);
	bind_text_or_null(s, 8, addr);
	bind_text_or_null(s, 9, m->tls);
}

/* A recipient is done with. */
static bool
end_rcpt(struct past *p, const struct msg_past_event *m)
{
	char reply[REPLY_BYTES], addr[IP_TEXT];
	int64_t address;

	reply_text(m, reply);
	ip_text(m->family, m->bytes, addr);
	bind_fate(p->statements[END_RCPT], m, reply, addr);
	if (!past_step(p, END_RCPT))
		return false;
	if (sqlite3_changes(p->db) > 0)
		return true;
	/* its beginning was lost */
	address = intern(p, m->address);
	if (address == 0)
		return false;
	bind_fate(p->statements[END_RCPT_ANEW], m, reply, addr);
	sqlite3_bind_int64(p->statements[END_RCPT_ANEW], 10, address);
	return past_step(p, END_RCPT_ANEW);
}

static bool
end_all(struct past *p, const struct msg_past_event *m)
{
	sqlite3_stmt *s = p->statements[END_ALL];

	sqlite3_bind_int64(s, 1, (int64_t)m->id);
	sqlite3_bind_int64(s, 2, m->kind);
	sqlite3_bind_int64(s, 3, m->at);
	return past_step(p, END_ALL);
}

static bool
add_event(struct past *p, const struct msg_past_event *m)
{
	char reply[REPLY_BYTES], addr[IP_TEXT];
	sqlite3_stmt *s = p->statements[ADD_EVENT];
	int64_t address = 0;

	if (m->address[0] != '\0') {
		address = intern(p, m->address);
		if (address == 0)
			return false;
	}
	reply_text(m, reply);
	ip_text(m->family, m->bytes, addr);
	sqlite3_bind_int64(s, 1, (int64_t)m->id);
	sqlite3_bind_int64(s, 2, m->at);
	sqlite3_bind_int64(s, 3, m->kind);
	sqlite3_bind_int64(s, 4, m->group);
	bind_id_or_null(s, 5, (uint64_t)address);
	sqlite3_bind_int64(s, 6, m->count);
	bind_id_or_null(s, 7, m->other);
	bind_uid(s, 8, m->uid);
	bind_text_or_null(s, 9, reply);
	bind_text_or_null(s, 10, m->host);
	bind_text_or_null(s, 11, addr);
	bind_text_or_null(s, 12, m->tls);
	return past_step(p, ADD_EVENT);
}

void
past_event(struct past *p, const struct msg_past_event *m)
{
	bool fine = false;

	if (!past_begin(p))
		return;
	switch ((enum past_kind)m->kind) {
	case PAST_DELIVERED:
	case PAST_BOUNCED:
	case PAST_EXPANDED:
		fine = end_rcpt(p, m);
		break;
	case PAST_REMOVED:
		fine = end_all(p, m) && add_event(p, m);
		break;
	case PAST_DEFERRED:
	case PAST_HELD:
	case PAST_RELEASED:
	case PAST_RETRIED:
	case PAST_RETURNED:
	case PAST_NOTIFIED:
		fine = add_event(p, m);
		break;
	}
	p->told += fine;
}

static void
note_lost(struct past *p)
{
	sqlite3_bind_int64(p->statements[ADD_LOST], 1, (int64_t)p->lost);
	if (past_step(p, ADD_LOST))
		p->lost = 0;
}

void
past_lost(struct past *p, uint64_t count)
{
	p->lost += count;
	(void)past_begin(p);
}

void
past_commit(struct past *p)
{
	if (!p->begun)
		return;
	if (p->lost > 0)
		note_lost(p);
	if (p->begun && !past_run(p, "COMMIT")) {
		fail(p);
		return;
	}
	p->begun = false;
	p->told = 0;
	p->troubled = false;
}
