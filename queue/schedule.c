/* SPDX-License-Identifier: ISC */
/* queue/schedule.c - who is tried next. */
#include "queue/schedule.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"

#include <string.h>

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, DESTINATION_CAP = HOUR };

void
schedule_init(
    struct schedule *s, unsigned int window_max, size_t open_max, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->window_max = window_max;
	s->open_max = open_max;
	s->random = seed;
	for (int i = 0; i < SCHEDULE_RINGS; i++)
		TAILQ_INIT(&s->rings[i]);
	gates_init(&s->gates, window_max);
}

static uint64_t
key_of(enum transport transport, const char *host, uint16_t port)
{
	uint64_t h = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (; *host != '\0'; host++)
		h = (h ^ (unsigned char)*host) * 0x100000001b3ULL;
	h = (h ^ port) * 0x100000001b3ULL;
	h = (h ^ (uint64_t)transport) * 0x100000001b3ULL;
	return h ^ h >> 32;
}

static struct destination **
bucket_of(struct schedule *s, enum transport transport, const char *host,
    uint16_t port)
{
	return &s->bucket[key_of(transport, host, port) % SCHEDULE_BUCKETS];
}

struct destination *
schedule_find(struct schedule *s, enum transport transport, const char *host,
    uint16_t port)
{
	struct destination *d = *bucket_of(s, transport, host, port);

	while (d != NULL && (d->transport != transport || d->port != port ||
				strcmp(d->host, host) != 0))
		d = d->next;
	return d;
}

/* The configuration's that name it: its host, by whatever login and from
 * whatever source; login and source too; or transport and port as well. */
static void
limits_find(struct schedule *s, struct destination *d)
{
	const char *host = route_hop_host(d->host);
	char whole[HOPNAME_MAX + 1];
	struct hopname h = { .transport = d->transport, .port = d->port };

	memcpy(h.host, d->host, sizeof(h.host));
	d->limits[0] = gate_find(&s->gates, host);
	if (host != d->host)
		d->limits[1] = gate_find(&s->gates, d->host);
	d->limits[2] = gate_find(&s->gates, hopname_print(&h, whole));
}

struct destination *
schedule_destination(struct schedule *s, enum transport transport,
    const char *host, uint16_t port)
{
	struct destination *d = schedule_find(s, transport, host, port);
	struct destination **b = bucket_of(s, transport, host, port);

	if (d != NULL)
		return d;
	d = mem_zero(1, sizeof(*d));
	d->transport = transport;
	d->port = port;
	if (!view_copy(view_of(host), d->host, sizeof(d->host)))
		panic("a next hop of %zu bytes", strlen(host));
	TAILQ_INIT(&d->turns);
	d->window = SCHEDULE_WINDOW_START;
	if (d->window > s->window_max)
		d->window = s->window_max;
	limits_find(s, d);
	d->server = gate_recall(
	    &s->gates, key_of(transport, host, port), &d->server_at);
	d->next = *b;
	*b = d;
	s->ndestinations++;
	return d;
}

/* Out of the ring, or of the line at a gate. */
static void
ring_leave(struct destination *d)
{
	if (d->in_ring != NULL)
		TAILQ_REMOVE(d->in_ring, d, ring);
	d->in_ring = NULL;
	if (d->blocked != NULL)
		TAILQ_REMOVE(&d->blocked->blocked, d, ring);
	d->blocked = NULL;
}

static void
ring_enter(struct schedule *s, struct destination *d)
{
	ring_leave(d);
	d->in_ring = &s->rings[d->nlight > 0 ? RING_LIGHT : RING_HEAVY];
	TAILQ_INSERT_TAIL(d->in_ring, d, ring);
}

/* The first of those that wait at the gate is to look again. */
static void
gate_admit(struct schedule *s, struct gate *g)
{
	if (g != NULL && !TAILQ_EMPTY(&g->blocked) && !gate_full(g))
		ring_enter(s, TAILQ_FIRST(&g->blocked));
}

/*
 * In the ring, or in line at a gate, exactly while something in line could
 * be tried.  One that gives up its place in the ring may have been let in at
 * a gate: another one is.
 */
static void
ring_settle(struct schedule *s, struct destination *d)
{
	unsigned int window = d->probing ? 1 : d->window;
	bool may = !TAILQ_EMPTY(&d->turns) && d->nopen < window;
	bool was = d->in_ring != NULL;
	bool rises = d->nlight > 0 && d->in_ring != &s->rings[RING_LIGHT];

	if (may && d->blocked == NULL && (!was || rises)) {
		ring_enter(s, d);
	} else if (!may) {
		ring_leave(d);
		if (was)
			gate_admit(s, d->server);
	}
}

/* The host is no longer its own. */
static void
server_leave(struct schedule *s, struct destination *d)
{
	struct gate *g = d->server;

	if (g == NULL)
		return;
	d->server = NULL;
	if (d->blocked == g)
		ring_enter(s, d);
	gate_admit(s, g);
	gate_release(&s->gates, g);
}

void
schedule_forget(struct schedule *s, struct destination *d)
{
	struct destination **p = bucket_of(s, d->transport, d->host, d->port);

	if (d->ngroups > 0 || d->nopen > 0)
		panic("destination %s is in use", d->host);
	ring_leave(d);
	if (d->server != NULL)
		gate_remember(&s->gates, key_of(d->transport, d->host, d->port),
		    d->server, d->server_at);
	server_leave(s, d);
	for (size_t i = 0; i < nitems(d->limits); i++)
		gate_release(&s->gates, d->limits[i]);
	while (*p != d)
		p = &(*p)->next;
	*p = d->next;
	s->ndestinations--;
	mem_free(d);
}

void
schedule_clear(struct schedule *s)
{
	for (size_t i = 0; i < SCHEDULE_BUCKETS; i++)
		while (s->bucket[i] != NULL)
			schedule_forget(s, s->bucket[i]);
	gates_clear(&s->gates);
}

static size_t
room_each(const struct schedule *s)
{
	return s->ngroups < SCHEDULE_GROUPS / 2 ? SCHEDULE_GROUPS_ROOMY
						: SCHEDULE_GROUPS_EACH;
}

size_t
schedule_room(const struct schedule *s, const struct destination *d)
{
	size_t each = room_each(s), full = each / SCHEDULE_LOADED;

	/* one with nothing finds a place as long as there are spare ones */
	if (s->ngroups >= SCHEDULE_GROUPS)
		return d->ngroups == 0 && s->ngroups < SCHEDULE_GROUPS +
							   SCHEDULE_GROUPS_SPARE
			   ? 1
			   : 0;
	/* fresh mail never keeps out what has waited */
	if (d->nloaded < full && each < d->ngroups + full - d->nloaded)
		return full - d->nloaded;
	return d->ngroups < each ? each - d->ngroups : 0;
}

bool
schedule_asleep(const struct destination *d, int64_t now)
{
	return d->not_before > now || d->suspended > now;
}

/*
 * What a flood has filled is not full for others: a sender that has hardly
 * any groups in memory may have them although many wait in queue.db.
 */
bool
schedule_admits(const struct schedule *s, const struct group *g, int64_t now)
{
	const struct destination *d = g->destination;
	size_t each = room_each(s);

	if (schedule_asleep(d, now) || d->probing)
		return false;
	if (s->ngroups <= SCHEDULE_GROUPS && d->ngroups <= each)
		return true;
	return s->ngroups <= SCHEDULE_GROUPS + SCHEDULE_GROUPS_SPARE &&
	       d->ngroups <= 2 * each &&
	       g->line->nheld <= each / SCHEDULE_SHARE;
}

void
schedule_hold(struct schedule *s, struct group *g)
{
	line_hold(&s->lines, g);
	g->destination->ngroups++;
	if (g->loaded)
		g->destination->nloaded++;
	s->ngroups++;
}

void
schedule_unready(struct schedule *s, struct group *g)
{
	if (g->in_line) {
		line_remove(&g->destination->turns, g);
		g->destination->nlight -= g->light ? 1 : 0;
	}
	ring_settle(s, g->destination);
}

void
schedule_unload(struct group *g)
{
	if (g->loaded)
		g->destination->nloaded--;
	g->loaded = false;
}

void
schedule_drop(struct schedule *s, struct group *g)
{
	struct destination *d = g->destination;

	schedule_unready(s, g);
	line_release(&s->lines, g);
	d->ngroups--;
	if (g->loaded)
		d->nloaded--;
	s->ngroups--;
}

void
schedule_ready(struct schedule *s, struct group *g)
{
	line_add(&g->destination->turns, g);
	g->destination->nlight += g->light ? 1 : 0;
	ring_settle(s, g->destination);
}

struct group *
schedule_first(const struct destination *d)
{
	const struct line *l = TAILQ_FIRST(&d->turns);

	return l == NULL ? NULL : TAILQ_FIRST(&l->groups);
}

void
schedule_take(struct schedule *s, struct group *g)
{
	struct destination *d = g->destination;

	d->nopen++;
	s->nopen++;
	g->spent = 0;
	g->gate = d->server;
	if (g->gate != NULL) {
		g->gate->refs++;
		g->gate->nopen++;
	}
	schedule_unready(s, g);
}

/* Gates whose time has come let one in each. */
static void
gates_open(struct schedule *s, int64_t now)
{
	struct gate *g, *next;

	TAILQ_FOREACH_SAFE (g, &s->gates.timed, entry, next) {
		if (gate_early(g, now))
			continue;
		gate_admit(s, g);
		if (!TAILQ_EMPTY(&g->blocked))
			continue;
		TAILQ_REMOVE(&s->gates.timed, g, entry);
		g->timed = false;
	}
}

int64_t
schedule_due(const struct schedule *s)
{
	const struct gate *g;
	int64_t due = 0;

	TAILQ_FOREACH (g, &s->gates.timed, entry) {
		/* one that is full opens when something has ended */
		if (!TAILQ_EMPTY(&g->blocked) && !gate_full(g) &&
		    (due == 0 || g->next < due))
			due = g->next;
	}
	return (due + 999) / 1000;
}

/* What holds it up, NULL: nothing. */
static struct gate *
gate_shut(struct schedule *s, struct destination *d, int64_t now)
{
	for (size_t i = 0; i <= nitems(d->limits); i++) {
		struct gate *g = i == 0 ? d->server : d->limits[i - 1];

		if (g == NULL)
			continue;
		if (i == 0 && gate_full(g))
			return g;
		if (!gate_early(g, now))
			continue;
		if (!g->timed)
			TAILQ_INSERT_TAIL(&s->gates.timed, g, entry);
		g->timed = true;
		return g;
	}
	return NULL;
}

/* True: it may go on.  Else it is out of the ring. */
static bool
pass(struct schedule *s, struct destination *d, int64_t now)
{
	struct gate *shut;

	if (d->server != NULL && d->server_at + GATE_MEMORY_MS < now)
		server_leave(s, d);
	shut = schedule_asleep(d, now) ? NULL : gate_shut(s, d, now);
	if (shut == NULL && !schedule_asleep(d, now))
		return true;
	ring_leave(d);
	if (shut != NULL) {
		TAILQ_INSERT_TAIL(&shut->blocked, d, ring);
		d->blocked = shut;
	}
	if (d->server != shut)
		gate_admit(s, d->server);
	return false;
}

static void
spend(struct destination *d, int64_t now)
{
	if (d->server != NULL)
		gate_spend(d->server, now);
	for (size_t i = 0; i < nitems(d->limits); i++)
		if (d->limits[i] != NULL && d->limits[i] != d->server)
			gate_spend(d->limits[i], now);
}

void
schedule_refund(struct group *g, int64_t now)
{
	const struct destination *d = g->destination;

	if (d->server != NULL)
		gate_refund(d->server, g->spent, now);
	for (size_t i = 0; i < nitems(d->limits); i++)
		if (d->limits[i] != NULL)
			gate_refund(d->limits[i], g->spent, now);
}

/* The next destination of the ring whose turn it is, or of the other one. */
static struct destination *
front(const struct schedule *s)
{
	struct destination *d = TAILQ_FIRST(&s->rings[s->turn]);

	return d != NULL ? d : TAILQ_FIRST(&s->rings[1 - s->turn]);
}

struct group *
schedule_next(struct schedule *s, int64_t now)
{
	struct destination *d;
	struct group *g;

	if (s->nopen >= s->open_max)
		return NULL;
	gates_open(s, now);
	while ((d = front(s)) != NULL) {
		if (!pass(s, d, now))
			continue;
		s->turn = d->in_ring == &s->rings[RING_LIGHT] ? RING_HEAVY
							      : RING_LIGHT;
		g = line_next(&d->turns);
		spend(d, now);
		schedule_take(s, g);
		g->spent = now;
		/* to the back of the ring, if it is still in it */
		if (d->in_ring != NULL)
			ring_enter(s, d);
		return g;
	}
	return NULL;
}

static void
succeeded(struct schedule *s, struct destination *d)
{
	d->failures = 0;
	d->not_before = 0;
	d->probing = false;
	if (d->window < s->window_max)
		d->window++;
}

/* True when the destination goes to sleep by this. */
static bool
unreachable(struct schedule *s, struct destination *d, int64_t now)
{
	d->window = d->window > 1 ? d->window / 2 : 1;
	/* what failed beside the one that put it to sleep counts once */
	if (d->not_before > now)
		return false;
	d->failures++;
	d->not_before = now + schedule_pause(s, d->failures, DESTINATION_CAP);
	d->probing = true;
	return true;
}

/* The group's place at its host's gate is free again. */
static void
gate_left(struct schedule *s, struct group *g)
{
	struct gate *gate = g->gate;

	if (gate == NULL)
		return;
	g->gate = NULL;
	gate->nopen--;
	gate_admit(s, gate);
	gate_release(&s->gates, gate);
}

/* What the host's own window learns, and who was reached by it. */
static void
host_learns(struct schedule *s, struct destination *d, enum outcome outcome,
    const char *host, int64_t now)
{
	struct gate *g;

	if (host == NULL || host[0] == '\0' || outcome == OUTCOME_ABORTED)
		return;
	g = gate_host(&s->gates, host);
	if (outcome == OUTCOME_SUCCESS)
		gate_succeeded(&s->gates, g);
	else
		gate_failed(g);
	gate_admit(s, g);
	if (g != d->server) {
		server_leave(s, d);
		d->server = g;
	} else {
		gate_release(&s->gates, g);
	}
	d->server_at = now;
}

bool
schedule_ended(struct schedule *s, struct group *g, enum outcome outcome,
    const char *host, int64_t now)
{
	struct destination *d = g->destination;
	bool sleeps = false;

	d->nopen--;
	s->nopen--;
	gate_left(s, g);
	host_learns(s, d, outcome, host, now);
	switch (outcome) {
	case OUTCOME_SUCCESS:
		succeeded(s, d);
		break;
	case OUTCOME_UNREACHABLE:
		sleeps = unreachable(s, d, now);
		break;
	case OUTCOME_ABORTED:
		break;
	}
	ring_settle(s, d);
	return sleeps;
}

const char *
schedule_host(const struct destination *d, int64_t now)
{
	if (d->server == NULL || d->server_at + GATE_MEMORY_MS < now)
		return NULL;
	return d->server->name;
}

void
schedule_wake(struct schedule *s, struct destination *d)
{
	d->not_before = 0;
	ring_settle(s, d);
}

static uint32_t
random_next(struct schedule *s)
{
	/* the constants of Knuth's MMIX generator; jitter needs no more */
	s->random = s->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(s->random >> 33);
}

int64_t
schedule_pause(struct schedule *s, unsigned int n, int64_t cap)
{
	static const int64_t pauses[] = { 5 * MINUTE, 15 * MINUTE, 30 * MINUTE,
		HOUR, 2 * HOUR, 4 * HOUR };
	int64_t pause;

	if (n == 0)
		n = 1;
	if (n > nitems(pauses))
		n = nitems(pauses);
	pause = pauses[n - 1];
	if (cap > 0 && pause > cap)
		pause = cap;
	/* 80 % to 120 % */
	return pause * (800 + (int64_t)(random_next(s) % 401)) / 1000;
}
