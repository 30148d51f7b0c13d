/* SPDX-License-Identifier: ISC */
/* queue/store_check.c - what is wrong with the spool, a piece at a time.
 *
 * Reads all rows and looks at all files, for `postern check`.  A piece takes
 * some milliseconds, between two batches, and changes nothing.
 */
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "queue/spool.h"
#include "queue/store_int.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { PIECE_MS = 5, IDLE_MS = 60 * 1000, DAY = 24 * 60 * 60 };

/* In the order in which they come; 0 is the beginning, and the end. */
enum phase { MESSAGES = 1, GROUPS, RCPTS, FILES };

enum statement { STEP_MESSAGES, STEP_GROUPS, STEP_RCPTS, STATEMENTS };

static const char *const texts[STATEMENTS] = {
	[STEP_MESSAGES] = "SELECT id, shard, size,"
			  " EXISTS(SELECT 1 FROM grp WHERE message = m.id)"
			  " FROM message m WHERE id > ?1 ORDER BY id",
	[STEP_GROUPS] =
	    "SELECT message, n, next_try, attempts, error, state,"
	    " EXISTS(SELECT 1 FROM destination WHERE id = g.destination)"
	    " FROM grp g WHERE (message, n) > (?1, ?2) ORDER BY message, n",
	[STEP_RCPTS] =
	    "SELECT message, grp, n, EXISTS(SELECT 1 FROM grp"
	    "  WHERE message = r.message AND n = r.grp)"
	    " FROM recipient r WHERE (message, grp, n) > (?1, ?2, ?3)"
	    " ORDER BY message, grp, n",
};

static struct {
	sqlite3_stmt *statements[STATEMENTS];
	struct spool_walk *walk; /* of the run under way */
	uint64_t run;
	int64_t touched; /* monotonic, ms: its last piece */
	int64_t began;   /* this piece */
} check;

void
check_prepare(struct sqlite3 *db)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &check.statements[i],
			NULL) != SQLITE_OK)
			fatal("queue.db: %s", sqlite3_errmsg(db));
}

static struct msg_finding *
found(struct store_check *c, enum finding_kind kind, uint64_t id,
    const char *text)
{
	struct msg_finding *f = &c->findings[c->n++];

	memset(f, 0, sizeof(*f));
	f->kind = (uint8_t)kind;
	f->id = id;
	(void)view_copy(view_of(text), f->text, sizeof(f->text));
	return f;
}

static bool
piece_full(const struct store_check *c)
{
	/* a row gives two findings at most */
	return c->n + 2 > STORE_FINDINGS_MAX ||
	       clock_mono_ms() - check.began >= PIECE_MS;
}

static void
see_message(struct store_check *c, sqlite3_stmt *s)
{
	uint64_t id = (uint64_t)sqlite3_column_int64(s, 0), size;
	uint32_t shard = (uint32_t)sqlite3_column_int64(s, 1);

	if (sqlite3_column_int(s, 3) == 0)
		found(c, FINDING_ROW, id, "none of its deliveries is left");
	if (!spool_body_size(shard, id, &size))
		found(c, FINDING_BODY, id, "its body is missing");
	else if ((int64_t)size < sqlite3_column_int64(s, 2))
		found(c, FINDING_BODY, id,
		    "its body is shorter than what was accepted");
}

/* Held by us, with the reason. */
static const char *
quarantine_reason(sqlite3_stmt *s)
{
	const char *error = (const char *)sqlite3_column_text(s, 4);
	size_t word = strlen(STORE_QUARANTINED);

	if (error == NULL || strncmp(error, STORE_QUARANTINED, word) != 0)
		return NULL;
	return error + word;
}

static void
see_group(struct store_check *c, sqlite3_stmt *s)
{
	uint64_t id = (uint64_t)sqlite3_column_int64(s, 0);
	int64_t state = sqlite3_column_int64(s, 5);
	const char *reason = NULL, *flaw = NULL;
	struct msg_finding *f;

	if (state == GROUP_HELD)
		reason = quarantine_reason(s);
	else if (state != GROUP_FRESH && state != GROUP_WAITING)
		flaw = "its state is unknown";
	else if (sqlite3_column_int(s, 6) == 0)
		flaw = "its destination is unknown";
	if (reason == NULL && flaw == NULL)
		flaw = read_flaw(s);
	if (reason == NULL && flaw == NULL)
		return;
	f = reason != NULL ? found(c, FINDING_QUARANTINED, id, reason)
			   : found(c, FINDING_ROW, id, flaw);
	f->group = (uint32_t)sqlite3_column_int64(s, 1);
}

static void
see_rcpt(struct store_check *c, sqlite3_stmt *s)
{
	if (sqlite3_column_int(s, 3) == 0)
		found(c, FINDING_ROW, (uint64_t)sqlite3_column_int64(s, 0),
		    "a recipient belongs to no delivery")
		    ->group = (uint32_t)sqlite3_column_int64(s, 1);
}

/* Rows from the piece's beginning on; true: that was the last one. */
static bool
step_rows(struct store_check *c, enum statement which,
    void (*see)(struct store_check *, sqlite3_stmt *))
{
	sqlite3_stmt *s = check.statements[which];
	int code = SQLITE_ROW;

	sqlite3_bind_int64(s, 1, (int64_t)c->end.message);
	if (which != STEP_MESSAGES)
		sqlite3_bind_int64(s, 2, c->end.group);
	if (which == STEP_RCPTS)
		sqlite3_bind_int64(s, 3, c->end.rcpt);
	while (!piece_full(c) && (code = sqlite3_step(s)) == SQLITE_ROW) {
		see(c, s);
		c->end.rows++;
		c->end.message = (uint64_t)sqlite3_column_int64(s, 0);
		c->end.group = (uint32_t)sqlite3_column_int64(s, 1);
		c->end.rcpt = (uint32_t)sqlite3_column_int64(s, 2);
	}
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		found(c, FINDING_DATABASE, 0, sqlite3_errstr(code));
	sqlite3_reset(s);
	return code != SQLITE_ROW;
}

static void
see_orphan(struct store_check *c, const struct spool_entry *e, int64_t left)
{
	char text[MSG_TEXT_MAX + 1];
	int n;

	n = snprintf(text, sizeof(text), "no row knows it; %lld days old",
	    (long long)e->age_seconds / DAY);
	if (left > 0)
		snprintf(text + n, sizeof(text) - (size_t)n,
		    ", removed in %lld days", (long long)(left / DAY + 1));
	else
		snprintf(text + n, sizeof(text) - (size_t)n,
		    ", removed at the next look");
	(void)view_copy(view_of(e->name),
	    found(c, FINDING_ORPHAN, e->id, text)->name, MSG_DOMAIN_MAX + 1);
}

static void
see_file(struct store_check *c, const struct spool_entry *e)
{
	struct msg_finding *f;
	int64_t left;

	if (files_orphan(e, &left)) {
		see_orphan(c, e, left);
	} else if (e->foreign) {
		f = found(c, FINDING_FOREIGN, 0, "not ours: left alone");
		if (!view_copy(view_of(e->name), f->name, sizeof(f->name)))
			memcpy(f->name, e->name, sizeof(f->name) - 1);
	}
}

static bool
step_files(struct store_check *c)
{
	struct spool_entry e;

	if (check.walk == NULL)
		check.walk = spool_walk_new();
	while (!piece_full(c)) {
		if (!spool_walk_next(check.walk, 0, &e)) {
			spool_walk_free(check.walk);
			check.walk = NULL;
			return true;
		}
		see_file(c, &e);
		c->end.files++;
	}
	return false;
}

static bool
step(struct store_check *c)
{
	switch ((enum phase)c->end.phase) {
	case MESSAGES:
		return step_rows(c, STEP_MESSAGES, see_message);
	case GROUPS:
		return step_rows(c, STEP_GROUPS, see_group);
	case RCPTS:
		return step_rows(c, STEP_RCPTS, see_rcpt);
	case FILES:
		return step_files(c);
	}
	return true;
}

/* One run at a time, as there is one walk; false: another is under way. */
static bool
run_is_ours(const struct msg_check *m)
{
	int64_t now = clock_mono_ms();

	if (m->run != check.run) {
		if (check.run != 0 && now - check.touched < IDLE_MS)
			return false;
		if (check.walk != NULL)
			spool_walk_free(check.walk);
		check.walk = NULL;
		check.run = m->run;
	}
	check.touched = check.began = now;
	return true;
}

void
check_piece(struct store_check *c)
{
	c->end.phase = c->from.phase == 0 ? MESSAGES : c->from.phase;
	c->end.message = c->from.message;
	c->end.group = c->from.group;
	c->end.rcpt = c->from.rcpt;
	if (!run_is_ours(&c->from)) {
		c->end.phase = 0;
		c->end.code = EX_TEMPFAIL;
		(void)view_copy(view_of("another check is under way"),
		    c->end.text, sizeof(c->end.text));
		return;
	}
	if (!step(c))
		return;
	c->end.message = 0;
	c->end.group = c->end.rcpt = 0;
	c->end.phase = c->end.phase >= FILES ? 0 : c->end.phase + 1;
	if (c->end.phase == 0)
		check.run = 0;
}
