/* SPDX-License-Identifier: ISC */
/* tests/mutants/mutant_commit.c - a queue that syncs its log at checkpoints
 * only, not at each commit. */
#include <sqlite3.h>
#include <string.h>

int __real_sqlite3_exec(sqlite3 *db, const char *sql, sqlite3_callback callback,
    void *arg, char **error);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, sqlite3_callback callback,
    void *arg, char **error);

int
__wrap_sqlite3_exec(sqlite3 *db, const char *sql, sqlite3_callback callback,
    void *arg, char **error)
{
	int code = __real_sqlite3_exec(db, sql, callback, arg, error);

	if (code == SQLITE_OK && strstr(sql, "synchronous = FULL") != NULL)
		code = __real_sqlite3_exec(
		    db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
	return code;
}
