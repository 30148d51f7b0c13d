/* SPDX-License-Identifier: ISC */
/* queue/report_summary.c - the queue by destination, counted in slices. */
#include "queue/report_summary.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/mail/hopname.h"
#include "queue/report_db.h"
#include "queue/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE_ROWS = 4096, SLICE_TOLD = 256, FIRST_PLACES = 256 };

enum statement { GROUPS, DESTINATION, STATEMENTS };

/* clang-format off */
static const char *const texts[STATEMENTS] = {
	[GROUPS] =
	    "SELECT g.message, g.n, g.destination, m.received, m.uid"
	    " FROM grp g CROSS JOIN message m ON m.id = g.message"
	    " WHERE (g.message, g.n) > (?1, ?2) ORDER BY g.message, g.n",
	[DESTINATION] =
	    "SELECT transport, host, port, not_before, failures, error,"
	    " suspended, suspend_reason FROM destination WHERE id = ?1",
};
/* clang-format on */

struct count {
	int64_t destination;
	uint64_t messages; /* 0: a free place */
	int64_t oldest;
};

struct summary {
	struct report_db db;
	bool all;
	uint32_t uid;
	int64_t message, n; /* counted up to here */
	bool counted;       /* all; then places are sorted and told */
	struct count *places;
	size_t nplaces, used; /* a power of two */
	size_t told;
};

struct summary *
summary_new(const char *path, bool all, uint32_t uid)
{
	struct summary *s = mem_zero(1, sizeof(*s));

	s->db.path = path;
	s->db.name = "queue.db";
	s->db.writer = "postern-queue";
	s->db.version = SCHEMA_VERSION;
	s->db.texts = texts;
	s->db.ntexts = STATEMENTS;
	s->all = all;
	s->uid = uid;
	s->message = s->n = -1;
	s->nplaces = FIRST_PLACES;
	s->places = mem_zero(s->nplaces, sizeof(*s->places));
	return s;
}

void
summary_free(struct summary *s)
{
	if (s == NULL)
		return;
	report_db_close(&s->db);
	mem_free(s->places);
	mem_free(s);
}

const char *
summary_error(const struct summary *s, uint16_t *code)
{
	*code = s->db.code;
	return s->db.error;
}

static struct count *
place_of(struct count *places, size_t n, int64_t destination)
{
	uint64_t at = (uint64_t)destination * UINT64_C(0x9e3779b97f4a7c15);

	at >>= 20;
	while (places[at & (n - 1)].messages != 0 &&
	       places[at & (n - 1)].destination != destination)
		at++;
	return &places[at & (n - 1)];
}

static void
grow(struct summary *s)
{
	size_t n = s->nplaces * 2;
	struct count *wider = mem_zero(n, sizeof(*wider));

	for (size_t i = 0; i < s->nplaces; i++)
		if (s->places[i].messages != 0)
			*place_of(wider, n, s->places[i].destination) =
			    s->places[i];
	mem_free(s->places);
	s->places = wider;
	s->nplaces = n;
}

static void
count(struct summary *s, int64_t destination, int64_t received)
{
	struct count *c;

	if (s->used * 2 >= s->nplaces)
		grow(s);
	c = place_of(s->places, s->nplaces, destination);
	if (c->messages++ == 0) {
		s->used++;
		c->destination = destination;
		c->oldest = received;
	}
	if (received < c->oldest)
		c->oldest = received;
}

static int
by_count(const void *a, const void *b)
{
	const struct count *x = a, *y = b;

	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	return x->oldest < y->oldest ? -1 : x->oldest > y->oldest;
}

static enum rows_result
count_slice(struct summary *s)
{
	sqlite3_stmt *st = s->db.statements[GROUPS];
	int code = SQLITE_ROW, rows = 0;

	sqlite3_bind_int64(st, 1, s->message);
	sqlite3_bind_int64(st, 2, s->n);
	while (rows++ < SLICE_ROWS && (code = sqlite3_step(st)) == SQLITE_ROW) {
		s->message = sqlite3_column_int64(st, 0);
		s->n = sqlite3_column_int64(st, 1);
		if (s->all || report_uid(st, 4) == s->uid)
			count(s, sqlite3_column_int64(st, 2),
			    sqlite3_column_int64(st, 3));
	}
	sqlite3_reset(st);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return ROWS_FAILED;
	if (code == SQLITE_DONE) {
		s->counted = true;
		/* qsort() of glibc asks how much memory there is */
		if (heapsort(s->places, s->nplaces, sizeof(*s->places),
			by_count) == -1)
			fatal("heapsort: %m");
	}
	return ROWS_GO_ON;
}

static void
fill(sqlite3_stmt *st, struct msg_summary *m)
{
	struct hopname h = { .transport =
				 (enum transport)sqlite3_column_int(st, 0) };

	report_text(st, 1, h.host, sizeof(h.host));
	h.port = (uint16_t)sqlite3_column_int(st, 2);
	if (h.transport == TRANSPORT_LOOKUP)
		(void)strlcpy(
		    m->destination, "aliases", sizeof(m->destination));
	else
		hopname_print(&h, m->destination);
	m->not_before = sqlite3_column_int64(st, 3);
	m->failures = (uint32_t)sqlite3_column_int64(st, 4);
	report_text(st, 5, m->error, sizeof(m->error));
	m->suspended = sqlite3_column_int64(st, 6);
	report_text(st, 7, m->reason, sizeof(m->reason));
}

static enum rows_result
tell_slice(struct summary *s, const struct summary_out *out)
{
	sqlite3_stmt *st = s->db.statements[DESTINATION];
	int code = SQLITE_DONE;

	for (int i = 0; i < SLICE_TOLD && s->told < s->used; i++) {
		const struct count *c = &s->places[s->told];
		struct msg_summary m = { .messages = c->messages,
			.oldest = c->oldest };

		sqlite3_bind_int64(st, 1, c->destination);
		code = sqlite3_step(st);
		if (code == SQLITE_ROW)
			fill(st, &m);
		sqlite3_reset(st);
		if (code != SQLITE_ROW && code != SQLITE_DONE)
			return ROWS_FAILED;
		out->row(out->arg, &m);
		s->told++;
		if (out->full(out->arg))
			break;
	}
	return s->told < s->used ? ROWS_GO_ON : ROWS_OVER;
}

enum rows_result
summary_slice(struct summary *s, const struct summary_out *out)
{
	enum rows_result result;
	int try = 0;

	if (!report_db_open(&s->db))
		return ROWS_FAILED;
	do {
		result = s->counted ? tell_slice(s, out) : count_slice(s);
	} while (result == ROWS_FAILED && report_db_met_writer(&s->db, try++));
	if (result == ROWS_FAILED)
		report_db_fail_sql(&s->db);
	return result;
}
