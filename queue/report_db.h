/* SPDX-License-Identifier: ISC */
/* queue/report_db.h - a database that somebody else writes, opened to read.
 *
 * Opened at the first question, closed after a failure and opened anew at the
 * next one.  Never writes or checkpoints.
 */
#ifndef QUEUE_REPORT_DB_H
#define QUEUE_REPORT_DB_H

#include "common/ipc/msg_report.h"

#include <sqlite3.h>
#include <stddef.h>

/* From the folder that postern-report is in: the spool. */
#define QUEUE_DB   "queue/queue.db"
#define HISTORY_DB "history/history.db"

enum { REPORT_STATEMENTS_MAX = 16 };

struct report_db {
	const char *path, *name; /* where it is, what it is called */
	const char *writer;      /* the program that makes it */
	int version;             /* that we can read */
	const char *const *texts;
	size_t ntexts;
	struct sqlite3 *db; /* NULL: not open */
	sqlite3_stmt *statements[REPORT_STATEMENTS_MAX];
	uint16_t code; /* of the last failure, for the tool */
	char error[MSG_TEXT_MAX + 1];
};

bool report_db_open(struct report_db *);
void report_db_close(struct report_db *);
/* Always false, with the reason noted. */
bool report_db_fail(struct report_db *, int code, const char *text);
bool report_db_fail_sql(struct report_db *);
/* The beginning of a read met the writer in the act: worth another try. */
bool report_db_met_writer(const struct report_db *, int try);

/* At most size - 1 bytes of a column, and none behind a NUL. */
void report_text(sqlite3_stmt *, int column, char *out, size_t size);
/* UINT32_MAX when there is none. */
uint32_t report_uid(sqlite3_stmt *, int column);
/* An address as text, into family (0: none) and bytes. */
void report_ip(
    sqlite3_stmt *, int column, uint8_t *family, uint8_t bytes[MSG_IP_BYTES]);

#endif
