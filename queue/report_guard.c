/* SPDX-License-Identifier: ISC */
/* queue/report_guard.c - what a question in SQL may do, and how large it is.
 *
 * SQLite says of each column that is read within which view that happens, but
 * takes the name of a common table expression for one, too.  So what may read
 * the tables is a second layer of views, whose names nobody can guess.  Of a
 * table in a FROM no column of which is needed it says just the database that
 * was named with it: so their names are secrets, too.
 */
#include "queue/report_guard.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const char *const functions[] = {
	"abs", "avg", "char", "coalesce", "count", "cume_dist", "date",
	"datetime", "dense_rank", "domain", "first_value", "format", "glob",
	"group_concat", "hex", "id_number", "id_text", "ifnull", "iif",
	"instr", "json_array", "json_group_array", "json_group_object",
	"json_object", "json_quote", "julianday", "lag", "last_value", "lead",
	"length", "like", "lower", "ltrim", "max", "min", "nth_value", "ntile",
	"nullif", "percent_rank", "printf", "quote", "rank", "replace",
	"round", "row_number", "rtrim", "sign", "strftime", "string_agg",
	"substr", "substring", "sum", "time", "total", "trim", "typeof",
	"unicode", "unixepoch", "upper",
};

/*
 * A text of 128 KiB keeps each step of the machine short, so that the clock is
 * looked at in between: one call of instr() can take the square of it.
 */
static const struct {
	int what, most;
} limits[] = {
	{ SQLITE_LIMIT_LENGTH, 128 * 1024 },
	{ SQLITE_LIMIT_COLUMN, 100 },
	{ SQLITE_LIMIT_EXPR_DEPTH, 100 },
	{ SQLITE_LIMIT_COMPOUND_SELECT, 50 },
	{ SQLITE_LIMIT_VDBE_OP, 100000 },
	{ SQLITE_LIMIT_FUNCTION_ARG, 32 },
	{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100 },
	{ SQLITE_LIMIT_VARIABLE_NUMBER, 0 },
	{ SQLITE_LIMIT_WORKER_THREADS, 0 },
};
/* clang-format on */

static bool
is_known(const char *function)
{
	for (size_t i = 0; i < nitems(functions); i++)
		if (sqlite3_stricmp(functions[i], function) == 0)
			return true;
	return false;
}

static bool
is_view(const char *name)
{
	return sqlite3_stricmp(name, "message") == 0 ||
	       sqlite3_stricmp(name, "recipient") == 0 ||
	       sqlite3_stricmp(name, "destination") == 0 ||
	       sqlite3_stricmp(name, "event") == 0;
}

static bool
is_secret(const struct views *v, const char *name)
{
	return name != NULL && strncmp(name, v->secret, strlen(v->secret)) == 0;
}

static bool
is_table(struct views *v, const char *name)
{
	char *word = sqlite3_mprintf(" %s ", name);
	bool found = word == NULL ||
		     sqlite3_strlike("sqlite@_%", name, '@') == 0 ||
		     sqlite3_strlike("pragma@_%", name, '@') == 0 ||
		     strcasestr(buf_string(&v->tables), word) != NULL;

	sqlite3_free(word);
	return found;
}

/*
 * An empty column: the name stands in a FROM, and nothing is read of it.  It
 * may be a common table expression, of which SQLite says no more.
 */
static bool
may_name(struct views *v, const char *table, const char *schema)
{
	if (schema == NULL)
		return is_view(table) || !is_table(v, table);
	if (sqlite3_stricmp(schema, "temp") == 0)
		return is_view(table) || is_secret(v, table);
	return is_secret(v, schema);
}

static bool
may_read(
    struct views *v, const char *table, const char *schema, const char *within)
{
	if (schema == NULL)
		return false;
	if (strcmp(schema, "temp") == 0)
		return is_view(table) || is_secret(v, table);
	return is_secret(v, within);
}

static int
judge(void *arg, int action, const char *a, const char *b, const char *schema,
    const char *within)
{
	struct views *v = arg;
	bool may = false;

	if (clock_mono_ms() >= v->until)
		return SQLITE_DENY; /* views within views multiply */
	if (action == SQLITE_SELECT || action == SQLITE_RECURSIVE)
		may = true;
	else if (action == SQLITE_FUNCTION)
		may = is_known(b);
	else if (action == SQLITE_READ && b[0] == '\0')
		may = may_name(v, a, schema);
	else if (action == SQLITE_READ)
		may = may_read(v, a, schema, within);
	return may ? SQLITE_OK : SQLITE_DENY;
}

void
guard_set(struct views *v)
{
	for (size_t i = 0; i < nitems(limits); i++)
		sqlite3_limit(v->db.db, limits[i].what, limits[i].most);
	sqlite3_set_authorizer(v->db.db, judge, v);
}
