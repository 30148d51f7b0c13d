/* SPDX-License-Identifier: ISC */
/* tests/sim/model.c - what must be true of queue, whatever happens to it.
 *
 * Every recipient that was acknowledged is exactly one of: to be tried,
 * delivered, failed with its notice, removed.  Nothing is tried before its
 * own clock or its destination's, while it is held, while its destination is
 * suspended, by two workers at once, by more connections or faster than the
 * configuration says.  Nothing that may be tried is left lying.
 */
#include "tests/sim/sim.h"

#include "common/base/alloc.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { READING = 10 }; /* ms: a batch under way, and one more */

/* The pause after the n-th time, at most and at least. */
static int64_t
pause_high(unsigned int n)
{
	static const int minutes[] = { 5, 15, 30, 60, 120, 240 };
	size_t i = n == 0 ? 0 : n - 1;

	return (int64_t)minutes[i < 6 ? i : 5] * MINUTE * 12 / 10;
}

static int64_t
pause_low(void)
{
	return 5 * MINUTE * 8 / 10;
}

static int64_t
expires(const struct letter *l)
{
	return l->received + (l->null_sender ? EXPIRE_BOUNCE : EXPIRE);
}

static int
open_max(void)
{
	return sim->crowded ? OPEN_MAX_CROWDED : OPEN_MAX;
}

static int
domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	for (int i = 0; at != NULL && i < DOMAINS; i++)
		if (strcmp(at + 1, sim->domains[i].name) == 0)
			return i;
	sim_fail("%s is of no domain", address);
}

static struct sqlite3 *
db_open(void)
{
	struct sqlite3 *db;

	if (sqlite3_open_v2("queue.db", &db, SQLITE_OPEN_READWRITE, NULL) !=
	    SQLITE_OK)
		sim_fail("queue.db: %s", sqlite3_errmsg(db));
	return db;
}

static sqlite3_stmt *
db_ask(struct sqlite3 *db, const char *text)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(db, text, -1, &s, NULL) != SQLITE_OK)
		sim_fail("queue.db: %s", sqlite3_errmsg(db));
	return s;
}

/* When queue made it: it is not told, but it is in its row. */
static int64_t
received_of(uint64_t id)
{
	struct sqlite3 *db = db_open();
	sqlite3_stmt *s =
	    db_ask(db, "SELECT received FROM message WHERE id = ?");
	int64_t received = sim->now;

	sqlite3_bind_int64(s, 1, (int64_t)id);
	if (sqlite3_step(s) == SQLITE_ROW)
		received = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return received;
}

/* A notice is known by whom it goes to: each letter has its own sender. */
static void
notice_seen(const char *address)
{
	for (int i = 0; i < sim->nletters; i++)
		if (strcmp(sim->letters[i].sender, address) == 0)
			sim->letters[i].noticed = true;
}

int
model_letter(uint64_t id, const char *sender, const char *address)
{
	struct letter *l;
	int i = 0;

	while (i < sim->nletters &&
	       (sim->letters[i].id != id || sim->letters[i].state == REFUSED))
		i++;
	if (i < sim->nletters)
		return i;
	if (sender[0] != '\0')
		sim_fail("nobody has sent %llu", (unsigned long long)id);
	if (sim->nletters == MESSAGES)
		sim_fail("too many messages for the table");
	l = &sim->letters[sim->nletters++];
	memset(l, 0, sizeof(*l));
	l->id = id;
	l->state = ACCEPTED;
	l->notice = l->null_sender = true;
	l->received = received_of(id);
	l->nrcpts = 1;
	snprintf(l->rcpts[0].address, ADDRESS, "%s", address);
	l->rcpts[0].domain = domain_of(address);
	l->rcpts[0].high = sim->now;
	sim->count.notices++;
	notice_seen(address);
	return i;
}

/* --- what queue gives to workers */

static void
check_domain(struct domain *d)
{
	int64_t now = sim->now;

	if (d->suspended > now)
		sim_fail("%s is suspended, and tried", d->name);
	if (d->low > now)
		sim_fail("%s sleeps for %lld ms more, and is tried", d->name,
		    (long long)(d->low - now));
	if (d->failing && d->nopen > 0)
		sim_fail("%s is probed by more than one", d->name);
	/* between the token and the job the body is opened */
	if (d == &sim->domains[2] && d->last + PACE - 10 > now)
		sim_fail("%s gets two within %lld ms", d->name,
		    (long long)(now - d->last));
	if (d->nopen >= OPEN_EACH)
		sim_fail("%s has %d jobs", d->name, d->nopen + 1);
	if (sim->nopen >= open_max())
		sim_fail("there are %d jobs", sim->nopen + 1);
}

static void
check_rcpt(const struct letter *l, const struct recipient *r)
{
	int64_t now = sim->now;

	if (l->state != ACCEPTED)
		sim_fail("%s is tried, and was not acknowledged", r->address);
	if (r->state != TO_TRY)
		sim_fail("%s is tried, and is done (%d)", r->address, r->state);
	if (r->held)
		sim_fail("%s is tried, and is held", r->address);
	if (r->low > now)
		sim_fail("%s is tried %lld ms too early", r->address,
		    (long long)(r->low - now));
	if (now >= expires(l))
		sim_fail("%s is tried, and too old", r->address);
	/* a worker of a former queue is waited for, 11 minutes at most */
	if (r->job != 0 && (!sim->errands[r->job - 1].orphan ||
			       now < sim->begun + 11 * MINUTE))
		sim_fail("%s is tried by two at once", r->address);
}

void
model_job(struct errand *e)
{
	struct letter *l = &sim->letters[e->letter];
	struct domain *d = &sim->domains[e->domain];

	check_domain(d);
	for (int i = 0; i < e->nrcpts; i++) {
		struct recipient *r = &l->rcpts[e->rcpts[i].rcpt];

		check_rcpt(l, r);
		if (r->domain != e->domain)
			sim_fail("%s goes to %s", r->address, d->name);
		r->job = (int)(e - sim->errands) + 1;
	}
	if (d->failing)
		sim->count.probes++;
	d->nopen++;
	sim->nopen++;
	d->last = sim->now;
	sim->count.jobs++;
}

/* The next queue does not know of it: it counts for nobody. */
void
model_orphaned(const struct errand *e)
{
	sim->domains[e->domain].nopen--;
	sim->nopen--;
}

static void
reached_not(struct domain *d)
{
	/* while it sleeps, others that fail beside it change nothing */
	if (d->low <= sim->now) {
		d->low = sim->now + pause_low();
		d->high = sim->now + pause_high(4);
	}
	d->failing = true;
	d->failures++;
	sim->count.unreachable++;
}

static void
later(const struct letter *l, struct recipient *r)
{
	r->attempts++;
	r->low = sim->now + pause_low();
	if (r->low > expires(l))
		r->low = expires(l);
	r->high = sim->now + pause_high(r->attempts);
	sim->count.deferred++;
}

static void
told_of(const struct letter *l, struct recipient *r, int verdict)
{
	r->told = sim->now;
	if (verdict == 4 && sim->now >= expires(l)) {
		r->state = EXPIRED;
		sim->count.expired++;
	} else if (verdict == 4) {
		later(l, r);
	} else {
		r->state = verdict == 2 ? DELIVERED : FAILED;
		sim->count.delivered += verdict == 2;
		sim->count.failed += verdict == 5;
	}
}

void
model_ended(struct errand *e, bool told)
{
	struct letter *l = &sim->letters[e->letter];
	struct domain *d = &sim->domains[e->domain];

	if (!e->orphan) {
		d->nopen--;
		sim->nopen--;
	}
	fair_ended(e, told);
	if (told && !e->reached) {
		reached_not(d);
	} else if (told) {
		d->failing = false;
		d->low = 0;
		/* what a former queue began wakes none that is not in memory */
		if (!e->orphan)
			d->high = 0;
	}
	for (int i = 0; i < e->nrcpts; i++) {
		struct recipient *r = &l->rcpts[e->rcpts[i].rcpt];

		if (r->job == (int)(e - sim->errands) + 1)
			r->job = 0;
		if (r->state != TO_TRY)
			continue;
		if (told && e->reached)
			told_of(l, r, e->rcpts[i].verdict);
		else if (told && sim->now >= expires(l))
			told_of(l, r, 4);
		else if (told)
			r->told = sim->now; /* its domain's clock counts */
		if (!told) { /* a second loss counts as an attempt */
			r->low = 0;
			r->attempts++;
			r->high = sim->now + pause_high(r->attempts);
		}
		/* queue reads its rows before it judges */
		if (told && e->orphan)
			r->told += READING;
	}
}

/* --- nothing is left lying */

static const struct recipient *
find_due(int domain, int64_t now)
{
	for (int i = 0; i < sim->nletters; i++) {
		const struct letter *l = &sim->letters[i];

		if (l->state != ACCEPTED || now >= expires(l))
			continue;
		for (int k = 0; k < l->nrcpts; k++) {
			const struct recipient *r = &l->rcpts[k];

			if (r->domain == domain && r->state == TO_TRY &&
			    r->job == 0 && !r->held && !r->doubtful &&
			    r->high <= now)
				return r;
		}
	}
	return NULL;
}

static bool
may_be_tried(int domain, int64_t now)
{
	const struct domain *d = &sim->domains[domain];

	if (d->high > now || d->suspend_high > now || sim->nopen >= open_max())
		return false;
	if (fair_room(domain))
		return true;
	for (int i = 0; i < DOMAINS; i++)
		if (sim->domains[i].nopen > 0 &&
		    strcmp(sim->domains[i].host, d->host) == 0)
			return false;
	return true;
}

void
model_look(void)
{
	for (int i = 0; i < DOMAINS; i++) {
		struct domain *d = &sim->domains[i];
		const struct recipient *r =
		    may_be_tried(i, sim->now) ? find_due(i, sim->now) : NULL;

		if (r == NULL)
			d->hungry = 0;
		else if (d->hungry == 0)
			d->hungry = sim->now;
		else if (sim->now - d->hungry > LATE)
			sim_fail("%s is due since %lld, and nothing is tried "
				 "there for %lld ms",
			    r->address, (long long)r->high / 1000 - 1000000,
			    (long long)(sim->now - d->hungry));
	}
}

/* --- queue.db */

static void
restored(struct letter *l, struct recipient *r, int state, bool restarted)
{
	bool sure = r->told <= sim->durable;

	r->held = state == GROUP_HELD;
	/* nobody can be told: it is kept for people */
	if (l->null_sender && r->held &&
	    (r->state == FAILED || r->state == EXPIRED))
		return;
	if (r->state != TO_TRY && sure)
		sim_fail("%s is done (%d), and still in queue.db", r->address,
		    r->state);
	/* what is not durable yet may be, if queue goes on */
	if (sure || !restarted)
		return;
	if (r->state != TO_TRY)
		r->high = sim->now + pause_high(r->attempts);
	r->state = TO_TRY;
	r->low = 0;
}

static void
found_row(sqlite3_stmt *s, bool *seen, bool restarted)
{
	uint64_t id = (uint64_t)sqlite3_column_int64(s, 0);
	const char *sender = (const char *)sqlite3_column_text(s, 1);
	const char *address = (const char *)sqlite3_column_text(s, 2);
	int i;

	for (i = 0; i < sim->nletters; i++)
		if (sim->letters[i].id == id && sim->letters[i].state == SENT)
			return; /* nobody was told yet */
	i = model_letter(id, sender, address);
	for (int k = 0; k < sim->letters[i].nrcpts; k++) {
		struct recipient *r = &sim->letters[i].rcpts[k];

		if (strcmp(r->address, address) != 0)
			continue;
		seen[i * RCPTS + k] = true;
		restored(
		    &sim->letters[i], r, sqlite3_column_int(s, 3), restarted);
		return;
	}
	sim_fail("%s was no recipient", address);
}

static void
missing(struct letter *l, struct recipient *r)
{
	if (r->state == TO_TRY && r->doubtful && l->bouncing) {
		r->state = FAILED;
		sim->count.returned++;
	} else if (r->state == TO_TRY && r->doubtful) {
		r->state = REMOVED;
		sim->count.removed++;
	} else if (r->state == TO_TRY && sim->now >= expires(l)) {
		r->state = EXPIRED;
		sim->count.expired++;
	} else if (r->state == TO_TRY) {
		sim_fail("%s of %llu is lost", r->address,
		    (unsigned long long)l->id);
	}
	if ((r->state == FAILED || r->state == EXPIRED) && !l->null_sender &&
	    !l->noticed)
		sim_fail("%s has failed, and %s does not hear of it",
		    r->address, l->sender);
}

/* After a restart: what is suspended is what the rows say. */
static void
read_destinations(struct sqlite3 *db)
{
	sqlite3_stmt *s =
	    db_ask(db, "SELECT host, coalesce(suspended, 0) FROM destination");

	for (int i = 0; i < DOMAINS; i++)
		sim->domains[i].suspended = sim->domains[i].suspend_high = 0;
	while (sqlite3_step(s) == SQLITE_ROW)
		for (int i = 0; i < DOMAINS; i++) {
			struct domain *d = &sim->domains[i];

			if (strcmp((const char *)sqlite3_column_text(s, 0),
				d->name) == 0)
				d->suspended = d->suspend_high =
				    sqlite3_column_int64(s, 1);
		}
	sqlite3_finalize(s);
}

static void
forget_doubts(void)
{
	for (int i = 0; i < sim->nletters; i++)
		for (int k = 0; k < sim->letters[i].nrcpts; k++)
			sim->letters[i].rcpts[k].doubtful = false;
	for (int i = 0; i < DOMAINS; i++) {
		sim->domains[i].hungry = 0;
		/* whether its row knows it cannot be told */
		if (sim->domains[i].last > sim->durable - 5 * MINUTE)
			sim->domains[i].low = 0;
		sim->domains[i].failing = false;
	}
}

void
model_compare(bool restarted)
{
	static bool seen[MESSAGES * RCPTS];
	struct sqlite3 *db = db_open();
	sqlite3_stmt *s = db_ask(db,
	    "SELECT m.id, m.sender, r.address, g.state FROM recipient r"
	    " JOIN grp g ON g.message = r.message AND g.n = r.grp"
	    " JOIN message m ON m.id = r.message");

	memset(seen, 0, sizeof(seen));
	while (sqlite3_step(s) == SQLITE_ROW)
		found_row(s, seen, restarted);
	sqlite3_finalize(s);
	for (int i = 0; i < sim->nletters; i++)
		for (int k = 0; sim->letters[i].state == ACCEPTED &&
				k < sim->letters[i].nrcpts;
		     k++)
			if (!seen[i * RCPTS + k])
				missing(&sim->letters[i],
				    &sim->letters[i].rcpts[k]);
	if (restarted) {
		read_destinations(db);
		forget_doubts();
	}
	sqlite3_close(db);
}

bool
model_all_done(void)
{
	struct sqlite3 *db = db_open();
	sqlite3_stmt *s =
	    db_ask(db, "SELECT 1 FROM grp WHERE state <> 4 LIMIT 1");
	bool done = sqlite3_step(s) == SQLITE_DONE;

	sqlite3_finalize(s);
	sqlite3_close(db);
	return done;
}
