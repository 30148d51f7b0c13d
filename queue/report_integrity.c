/* SPDX-License-Identifier: ISC */
/* queue/report_integrity.c - is queue.db what SQLite wrote?
 *
 * On a connection of its own, read only, that is closed again at once: an
 * open read transaction would keep queue's log from being taken over.
 */
#include "queue/report_integrity.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { TABLE_MS = 5000, STEPS = 10000, TRIES = 8, BUSY_MS = 100 };

static const char *const questions[] = {
	"PRAGMA integrity_check(message)",
	"PRAGMA integrity_check(grp)",
	"PRAGMA integrity_check(recipient)",
	"PRAGMA integrity_check(destination)",
	"PRAGMA integrity_check(meta)",
};

static int
too_late(void *arg)
{
	const int64_t *until = arg;

	return clock_mono_ms() > *until;
}

static void
tell(struct msg_finding *f, const char *text)
{
	f->kind = FINDING_DATABASE;
	(void)view_copy(view_of("queue.db"), f->name, sizeof(f->name));
	snprintf(f->text, sizeof(f->text), "%s", text);
}

static void
judge(struct sqlite3 *db, sqlite3_stmt *s, struct msg_finding *f)
{
	const char *text;
	int code = SQLITE_ERROR;

	/* at the beginning of a read queue's own writing may be met */
	for (int try = 0; try < TRIES; try++) {
		code = sqlite3_step(s);
		if ((code & 0xff) != SQLITE_READONLY)
			break;
		sqlite3_reset(s);
	}
	if (code == SQLITE_INTERRUPT) {
		tell(f, "too large to be looked at in whole while in use");
	} else if (code != SQLITE_ROW) {
		tell(f, sqlite3_errmsg(db));
	} else {
		text = (const char *)sqlite3_column_text(s, 0);
		if (text == NULL || strcmp(text, "ok") != 0)
			tell(f, text == NULL ? "no answer" : text);
	}
}

bool
integrity_table(size_t n, struct msg_finding *f)
{
	int64_t until = clock_mono_ms() + TABLE_MS;
	struct sqlite3 *db;
	sqlite3_stmt *s = NULL;

	memset(f, 0, sizeof(*f));
	if (sqlite3_open_v2("queue/queue.db", &db,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
		NULL) == SQLITE_OK) {
		sqlite3_busy_timeout(db, BUSY_MS);
		sqlite3_progress_handler(db, STEPS, too_late, &until);
		if (sqlite3_prepare_v2(db, questions[n], -1, &s, NULL) ==
		    SQLITE_OK)
			judge(db, s, f);
		else
			tell(f, sqlite3_errmsg(db));
	} else {
		tell(f, "cannot be opened");
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n + 1 < nitems(questions);
}
