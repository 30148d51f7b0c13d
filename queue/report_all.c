/* SPDX-License-Identifier: ISC */
/* queue/report_all.c - every message of the queue, as fast as can be.
 *
 * Messages, groups and recipients lie in the same order, so that three scans
 * side by side do what a join would seek for again with every row; of a
 * million messages each microsecond counts.  Destinations are a fourth scan:
 * they were numbered as mail for them came, so that the one that is asked for
 * is often the next; else it is sought.  All are read in one transaction,
 * which ends with the slice.
 */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/mail/route.h"
#include "queue/report_rows_int.h"

#include <stdio.h>
#include <string.h>

/* Rows that begin with the id of a message, or of a destination. */
struct scan {
	sqlite3_stmt *s;
	int code; /* of the last step */
	int64_t id;
};

/* What the recipients of a group have in common. */
struct common {
	int64_t destination; /* whose is told below; -1: none yet */
	int64_t clock;
	bool suspended;
	char text[MSG_HOP_MAX + 1];
	char error[MSG_TEXT_MAX + 1];
	char reason[MSG_TEXT_MAX + 1]; /* "suspended: why" */
	bool lookup;                   /* it stands for the tables */
};

struct slice {
	struct rows *rows;
	struct rows_ask *ask;
	const struct rows_out *out;
	struct scan messages, groups, rcpts, destinations;
	struct common common;
	int64_t now;
	bool brief;
	int cost;
};

static void
scan_next(struct scan *c)
{
	c->code = sqlite3_step(c->s);
	if (c->code == SQLITE_ROW)
		c->id = sqlite3_column_int64(c->s, 0);
}

static void
scan_begin(struct scan *c, struct rows *r, enum rows_statement n, int64_t bound)
{
	c->s = r->db.statements[n];
	sqlite3_bind_int64(c->s, 1, bound);
	scan_next(c);
}

static bool
scan_at(const struct scan *c, int64_t message)
{
	return c->code == SQLITE_ROW && c->id == message;
}

/* Past what belongs to no message. */
static void
scan_to(struct scan *c, int64_t message)
{
	while (c->code == SQLITE_ROW && c->id < message)
		scan_next(c);
}

static bool
scan_failed(const struct scan *c)
{
	return c->code != SQLITE_ROW && c->code != SQLITE_DONE;
}

static void
fill_common(sqlite3_stmt *s, int64_t now, struct common *m)
{
	int64_t suspended = sqlite3_column_int64(s, 5);
	char why[MSG_TEXT_MAX + 1 - 16]; /* room for the word */

	rows_fill_destination(s, 1, m->text, sizeof(m->text));
	m->lookup = sqlite3_column_int(s, 1) == TRANSPORT_LOOKUP;
	m->clock = sqlite3_column_int64(s, 4);
	m->suspended = suspended > now;
	if (suspended < INT64_MAX && suspended > m->clock)
		m->clock = suspended;
	report_text(s, 7, m->error, sizeof(m->error));
	if (!m->suspended)
		return;
	report_text(s, 6, why, sizeof(why));
	snprintf(m->reason, sizeof(m->reason), "suspended%s%s",
	    sqlite3_column_type(s, 6) == SQLITE_NULL ? "" : ": ", why);
}

/* It stands on that destination, if there is one. */
static bool
seek_destination(struct slice *sl, int64_t id)
{
	struct scan *c = &sl->destinations;

	if (c->s != NULL && c->code == SQLITE_ROW)
		scan_next(c);
	if (c->s != NULL && c->code == SQLITE_ROW && c->id == id)
		return true;
	if (c->s != NULL)
		sqlite3_reset(c->s);
	scan_begin(c, sl->rows, DESTINATIONS, id);
	return scan_at(c, id);
}

/* Of the group that is stood on; those of one destination often follow one
 * another. */
static bool
find_common(struct slice *sl)
{
	int64_t id = sqlite3_column_int64(sl->groups.s, 5);
	struct common *m = &sl->common;

	if (m->destination == id)
		return true;
	m->destination = id;
	if (seek_destination(sl, id)) {
		fill_common(sl->destinations.s, sl->now, m);
		return true;
	}
	/* somebody has taken its row away */
	m->clock = 0;
	m->suspended = m->lookup = false;
	m->text[0] = m->error[0] = '\0';
	return !scan_failed(&sl->destinations);
}

/* A column that is NULL or "" is as good as none. */
static bool
take_text(sqlite3_stmt *s, int column, char *out, size_t size)
{
	report_text(s, column, out, size);
	return out[0] != '\0';
}

/* The state of the group, then the last error: of the recipient, of the
 * group, of the destination. */
static void
fill_rcpt(const struct slice *sl, struct msg_row_rcpt *m)
{
	sqlite3_stmt *g = sl->groups.s, *r = sl->rcpts.s;
	bool waits;

	m->state = (uint8_t)sqlite3_column_int(g, 2);
	m->attempts = (uint32_t)sqlite3_column_int64(g, 3);
	m->next_try = sqlite3_column_int64(g, 4);
	if (m->next_try < sl->common.clock)
		m->next_try = sl->common.clock;
	report_text(r, 3, m->address, sizeof(m->address));
	m->original[0] = m->destination[0] = '\0';
	if (!sl->brief) {
		report_text(r, 5, m->original, sizeof(m->original));
		(void)strlcpy(
		    m->destination, sl->common.text, sizeof(m->destination));
	}
	waits = m->state == GROUP_FRESH || m->state == GROUP_WAITING;
	if (sl->common.suspended && waits)
		(void)strlcpy(m->error, sl->common.reason, sizeof(m->error));
	else if (!take_text(r, 4, m->error, sizeof(m->error)) &&
		 !take_text(g, 6, m->error, sizeof(m->error)))
		(void)strlcpy(m->error, sl->common.error, sizeof(m->error));
	if (sl->common.lookup && waits)
		m->state = GROUP_UNEXPANDED;
}

/* Of the message that is stood on, what a table shows. */
static void
fill_brief(sqlite3_stmt *s, struct msg_row *m)
{
	m->id = (uint64_t)sqlite3_column_int64(s, 0);
	m->size = (uint64_t)sqlite3_column_int64(s, 1);
	m->received = sqlite3_column_int64(s, 2);
	report_text(s, 3, m->sender, sizeof(m->sender));
}

/* Enough for this slice; if so within a message, it goes on behind n. */
static bool
is_enough(struct slice *sl)
{
	return sl->cost >= SLICE_COST || sl->out->full(sl->out->arg);
}

/* True: all recipients of the group that is stood on were sent. */
static bool
send_group(struct slice *sl, int64_t message)
{
	int64_t n = sqlite3_column_int64(sl->groups.s, 1), at;
	static struct msg_row_rcpt m;

	while (scan_at(&sl->rcpts, message) &&
	       (at = sqlite3_column_int64(sl->rcpts.s, 1)) <= n) {
		if (at == n) {
			fill_rcpt(sl, &m);
			sl->out->rcpt(sl->out->arg, &m);
			sl->ask->group = n;
			sl->ask->n = sqlite3_column_int64(sl->rcpts.s, 2);
			sl->cost += COST_SENT;
			sl->ask->inside = is_enough(sl);
		}
		if (sl->ask->inside)
			return false;
		scan_next(&sl->rcpts);
	}
	return true;
}

/* False: it failed, or there is enough. */
static bool
send_message(struct slice *sl)
{
	int64_t id = sl->messages.id;
	static struct msg_row whole, brief;
	struct msg_row *m = sl->brief ? &brief : &whole;

	sl->ask->limit--;
	if (sl->brief)
		fill_brief(sl->messages.s, m);
	else
		rows_fill_message(sl->messages.s, m);
	sl->out->row(sl->out->arg, m);
	sl->cost += COST_SENT + COST_SEEN;
	sl->ask->after = (uint64_t)id;
	sl->ask->group = sl->ask->n = -1;
	scan_to(&sl->groups, id);
	scan_to(&sl->rcpts, id);
	for (; scan_at(&sl->groups, id); scan_next(&sl->groups)) {
		if (!find_common(sl)) {
			sl->groups.code = SQLITE_ERROR;
			return false;
		}
		if (!send_group(sl, id))
			return false;
	}
	return !is_enough(sl);
}

static enum rows_result
run(struct slice *sl)
{
	int64_t after = (int64_t)sl->ask->after;
	enum rows_result result = ROWS_GO_ON;

	scan_begin(&sl->messages, sl->rows,
	    sl->brief ? BRIEF_MESSAGES : MESSAGES, after);
	scan_begin(&sl->groups, sl->rows, ALL_GROUPS, after);
	scan_begin(&sl->rcpts, sl->rows,
	    sl->brief ? BRIEF_RECIPIENTS : ALL_RECIPIENTS, after);
	for (; sl->messages.code == SQLITE_ROW; scan_next(&sl->messages)) {
		if (sl->ask->limit == 0) {
			result = ROWS_LIMIT;
			break;
		}
		if (!send_message(sl))
			break;
	}
	if (scan_failed(&sl->messages) || scan_failed(&sl->groups) ||
	    scan_failed(&sl->rcpts))
		return ROWS_FAILED;
	return sl->messages.code == SQLITE_DONE ? ROWS_OVER : result;
}

static bool
control(struct rows *r, enum rows_statement n)
{
	sqlite3_stmt *s = r->db.statements[n];
	bool done = sqlite3_step(s) == SQLITE_DONE;

	sqlite3_reset(s);
	return done;
}

/* Those that failed last: what went wrong is asked of the database later. */
static void
reset(struct slice *sl)
{
	const struct scan *scans[] = { &sl->messages, &sl->groups, &sl->rcpts,
		&sl->destinations };

	for (int failed = 0; failed < 2; failed++)
		for (size_t i = 0; i < nitems(scans); i++)
			if (scans[i]->s != NULL &&
			    scan_failed(scans[i]) == (failed == 1))
				sqlite3_reset(scans[i]->s);
}

enum rows_result
rows_slice_all(struct rows *r, struct rows_ask *ask, const struct rows_out *out)
{
	struct slice sl = { .rows = r,
		.ask = ask,
		.out = out,
		.common = { .destination = -1 },
		.brief = ask->filter.brief != 0,
		.now = clock_wall_ms() };
	enum rows_result result = ROWS_OVER;

	if (ask->inside)
		result = rows_send_rcpts(r, ask, out, &sl.cost);
	if (result != ROWS_OVER)
		return result;
	/* one that failed may be tried again within its transaction */
	if (sqlite3_get_autocommit(r->db.db) != 0 && !control(r, BEGIN))
		return ROWS_FAILED;
	result = run(&sl);
	reset(&sl);
	if (result != ROWS_FAILED && !control(r, COMMIT))
		return ROWS_FAILED;
	return result;
}
