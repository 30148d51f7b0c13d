/* SPDX-License-Identifier: ISC */
/* queue/report_db.c - a database that somebody else writes, opened to read.
 *
 * Rows are untrusted: texts are cut, numbers looked at.
 */
#include "queue/report_db.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/base/ip.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* Attempts to begin reading while the other one writes. */
enum { TRIES = 8, BUSY_MS = 100 };

static const char settings[] = "PRAGMA query_only = 1;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA trusted_schema = 0;"
			       "PRAGMA cell_size_check = 1;"
			       "PRAGMA mmap_size = 0;"
			       "PRAGMA cache_size = -4096;";

void
report_db_close(struct report_db *d)
{
	for (size_t i = 0; i < d->ntexts; i++)
		sqlite3_finalize(d->statements[i]);
	memset(d->statements, 0, sizeof(d->statements));
	sqlite3_close(d->db);
	d->db = NULL;
}

bool
report_db_fail(struct report_db *d, int code, const char *text)
{
	d->code = (uint16_t)code;
	view_copy(view_of(text), d->error, sizeof(d->error));
	return false;
}

/* Notes what SQLite complains about; the connection is made anew next time. */
bool
report_db_fail_sql(struct report_db *d)
{
	int code = sqlite3_errcode(d->db);
	bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;

	snprintf(d->error, sizeof(d->error), "%s: %s%s", d->name,
	    sqlite3_errmsg(d->db), damaged ? "" : ": try again");
	d->code = damaged ? EX_DATAERR : EX_TEMPFAIL;
	report_db_close(d);
	return false;
}

/*
 * A reader that may not write to the WAL index meets it half written, or its
 * marks moved on, when the writer commits or checkpoints at that moment;
 * SQLite takes this for work that only a writer could do.  At the next look
 * it is whole.  Only the beginning of a read meets this.
 */
bool
report_db_met_writer(const struct report_db *d, int try)
{
	return try < TRIES &&
	       (sqlite3_errcode(d->db) & 0xff) == SQLITE_READONLY;
}

static int
read_version(struct report_db *d)
{
	sqlite3_stmt *s;
	int version = -1;

	if (sqlite3_prepare_v2(d->db, "PRAGMA user_version", -1, &s, NULL) !=
	    SQLITE_OK)
		return version;
	for (int try = 0; version == -1; try++) {
		if (sqlite3_step(s) == SQLITE_ROW)
			version = sqlite3_column_int(s, 0);
		else if (!report_db_met_writer(d, try))
			break;
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
	return version;
}

static bool
version_fits(struct report_db *d)
{
	int version = read_version(d);
	char text[MSG_TEXT_MAX + 1];

	if (version == d->version)
		return true;
	if (version == -1)
		return report_db_fail_sql(d);
	report_db_close(d);
	if (version == 0) {
		snprintf(text, sizeof(text),
		    "%s is still empty: %s makes it when it starts", d->name,
		    d->writer);
		return report_db_fail(d, EX_TEMPFAIL, text);
	}
	snprintf(text, sizeof(text),
	    "%s was made by another version of postern: is an old "
	    "postern-report still running?",
	    d->name);
	return report_db_fail(d, EX_DATAERR, text);
}

static bool
prepare(struct report_db *d)
{
	if (d->ntexts > REPORT_STATEMENTS_MAX)
		panic("%zu statements", d->ntexts);
	if (sqlite3_exec(d->db, settings, NULL, NULL, NULL) != SQLITE_OK)
		return report_db_fail_sql(d);
	for (size_t i = 0; i < d->ntexts; i++)
		if (sqlite3_prepare_v3(d->db, d->texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &d->statements[i],
			NULL) != SQLITE_OK)
			return report_db_fail_sql(d);
	return true;
}

bool
report_db_open(struct report_db *d)
{
	char text[MSG_TEXT_MAX + 1];

	if (d->db != NULL)
		return true;
	if (sqlite3_open_v2(d->path, &d->db,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK) {
		report_db_close(d);
		snprintf(text, sizeof(text),
		    "no %s to read yet: has %s started?", d->name, d->writer);
		return report_db_fail(d, EX_TEMPFAIL, text);
	}
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_busy_timeout(d->db, BUSY_MS);
	return version_fits(d) && prepare(d);
}

void
report_text(sqlite3_stmt *s, int column, char *out, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(s, column);
	size_t len = text == NULL ? 0 : strnlen(text, size - 1);

	if (len > 0)
		memcpy(out, text, len);
	out[len] = '\0';
}

uint32_t
report_uid(sqlite3_stmt *s, int column)
{
	int64_t n = sqlite3_column_int64(s, column);

	if (sqlite3_column_type(s, column) == SQLITE_NULL || n < 0 ||
	    n > UINT32_MAX)
		return UINT32_MAX;
	return (uint32_t)n;
}

/* Rows beside one another often come from the same client. */
void
report_ip(
    sqlite3_stmt *s, int column, uint8_t *family, uint8_t bytes[MSG_IP_BYTES])
{
	static char last[IP_TEXT];
	static struct ip ip;
	char text[IP_TEXT];

	*family = 0;
	report_text(s, column, text, sizeof(text));
	if (text[0] == '\0')
		return;
	if (strcmp(text, last) != 0) {
		last[0] = '\0';
		if (!ip_parse(view_of(text), &ip))
			return;
		(void)strlcpy(last, text, sizeof(last));
	}
	*family = ip.family;
	memcpy(bytes, ip.bytes, MSG_IP_BYTES);
}
