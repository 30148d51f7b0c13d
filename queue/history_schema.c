/* SPDX-License-Identifier: ISC */
/* queue/history_schema.c - history.db: its tables, its hash. */
#include "queue/history_schema.h"

/*
 * Addresses are stored once.  What went well at first costs a row of message
 * and one of recipient; event has the rest, in the order of arrival.
 */
const char history_tables[] =
    "PRAGMA auto_vacuum = INCREMENTAL;"
    "PRAGMA journal_mode = WAL;"
    "BEGIN IMMEDIATE;"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "INSERT INTO meta VALUES('lost', 0);"
    "CREATE TABLE address(id INTEGER PRIMARY KEY, text TEXT NOT NULL);"
    "CREATE INDEX address_text ON address(text COLLATE NOCASE);"
    "CREATE TABLE message("
    " id INTEGER PRIMARY KEY,"
    " received INTEGER NOT NULL,"
    " size INTEGER NOT NULL,"
    " uid INTEGER,"   /* of a local submitter */
    " cause INTEGER," /* a notice: of the message that it is about */
    " sender INTEGER NOT NULL,"
    " client TEXT NOT NULL,"
    " helo TEXT NOT NULL,"
    " message_id TEXT NOT NULL,"
    " hash INTEGER NOT NULL);" /* of message_id */
    "CREATE INDEX message_sender ON message(sender);"
    "CREATE INDEX message_hash ON message(hash);"
    "CREATE TABLE recipient("
    " message INTEGER NOT NULL,"
    " grp INTEGER NOT NULL,"
    " n INTEGER NOT NULL,"
    " address INTEGER NOT NULL,"
    " original INTEGER," /* before expansion, NULL when the same */
    " fate INTEGER,"     /* NULL: not known to be done */
    " at INTEGER,"
    " reply TEXT," /* "250 2.0.0 text" */
    " host TEXT,"
    " addr TEXT,"
    " PRIMARY KEY(message, grp, n)) WITHOUT ROWID;"
    "CREATE INDEX recipient_address ON recipient(address);"
    "CREATE INDEX recipient_original ON recipient(original)"
    " WHERE original IS NOT NULL;"
    "CREATE TABLE event("
    " message INTEGER NOT NULL,"
    " seq INTEGER NOT NULL,"
    " at INTEGER NOT NULL,"
    " kind INTEGER NOT NULL,"
    " grp INTEGER NOT NULL," /* 0: of the whole message */
    " address INTEGER,"      /* of a recipient, or the first of them */
    " count INTEGER NOT NULL,"
    " other INTEGER,"
    " uid INTEGER,"
    " reply TEXT,"
    " host TEXT,"
    " addr TEXT,"
    " PRIMARY KEY(message, seq)) WITHOUT ROWID;"
    "PRAGMA user_version = 1;"
    "COMMIT;";

/* tls: protocol, cipher, how the server was verified; NULL: clear text; login:
 * who had logged in */
const char history_upgrade[] = "BEGIN IMMEDIATE;"
			       "ALTER TABLE recipient ADD COLUMN tls TEXT;"
			       "ALTER TABLE event ADD COLUMN tls TEXT;"
			       "ALTER TABLE message ADD COLUMN login TEXT;"
			       "PRAGMA user_version = 2;"
			       "COMMIT;";

int64_t
history_hash(struct view v)
{
	uint64_t h = 14695981039346656037U; /* FNV-1a */

	v = view_trim(v);
	if (v.len > 1 && v.data[0] == '<' && v.data[v.len - 1] == '>')
		v = view_make(v.data + 1, v.len - 2);
	for (size_t i = 0; i < v.len; i++)
		h = (h ^ (unsigned char)v.data[i]) * 1099511628211U;
	return (int64_t)h;
}
