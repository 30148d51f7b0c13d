/* SPDX-License-Identifier: ISC */
/* queue/schedule.h - who is tried next (pure: no I/O, time is a parameter).
 *
 * A destination is (transport, next hop, port).  Each has a window of
 * deliveries under way at once that starts small, grows by one with success
 * and halves on connection failure; a clock that a connection failure moves,
 * during which it sleeps, as it does while an operator suspends it; and lines
 * of groups that may be tried now (queue/line.h).  A destination whose clock
 * has passed is probed by one group first.  Between destinations: round robin,
 * so that a slow one never delays another; those for which there is a light
 * group (queue/line.h) have a round of their own and every second turn, so that
 * one message waits for one turn of each of them and not for a list that goes
 * everywhere.  What destinations share, the window of a
 * host and the configuration's rates, are gates (queue/gate.h).
 *
 * All times are wall clock ms, since clocks are kept across restarts.
 */
#ifndef QUEUE_SCHEDULE_H
#define QUEUE_SCHEDULE_H

#include "common/mail/hopname.h"
#include "queue/gate.h"
#include "queue/line.h"

#include <sys/queue.h>

enum {
	SCHEDULE_WINDOW_START = 2,
	SCHEDULE_GROUPS = 20000,      /* in memory at most */
	SCHEDULE_GROUPS_EACH = 64,    /* per destination when memory is short */
	SCHEDULE_GROUPS_ROOMY = 1024, /* while less than half is in use */
	/* beyond these, for mail of senders with hardly any: */
	SCHEDULE_GROUPS_SPARE = 2000, /* in memory at most */
	SCHEDULE_SHARE = 16,          /* "hardly any": this part of a room */
	SCHEDULE_LOADED = 4,          /* the part kept for what has waited */
	SCHEDULE_BUCKETS = 4096,
	DESTINATION_LIMITS = 3
};

/* Suspended without an end: to be compared, never added to. */
#define SCHEDULE_FOREVER INT64_MAX

struct destination {
	enum transport transport;
	char host[DOMAIN_MAX + 1];
	uint16_t port;
	int64_t id;         /* of its row; 0: not known yet */
	struct turns turns; /* of the senders with groups in line */
	size_t ngroups; /* in memory: in line, being tried, or being stored */
	size_t nloaded; /* of those: read from queue.db */
	size_t nopen;   /* being tried */
	size_t nlight;  /* in line and light */
	unsigned int window;
	unsigned int failures; /* of its clock, in a row */
	int64_t not_before;    /* asleep until then; 0 awake */
	int64_t suspended;     /* by an operator, until then; 0 not */
	int64_t told;          /* of its refusing our login; 0 never */
	/* on its host's name, its own, and all that it is shown with; NULL */
	struct gate *limits[DESTINATION_LIMITS];
	struct gate *server;  /* the host it was reached by; NULL: unknown */
	int64_t server_at;    /* when that was */
	struct gate *blocked; /* in that one's line, not in the ring */
	struct destination_line *in_ring; /* may be tried now; or NULL */
	bool probing;       /* one group only, until it succeeds */
	bool more;          /* queue.db may hold waiting groups for it */
	bool loading;       /* they are being read */
	bool marked;        /* its row says that it sleeps */
	bool dirty;         /* its row's wake must be set when it leaves */
	bool hungry;        /* waits for room to be read into */
	bool barred;        /* one that is due may not be tried yet */
	int64_t next_due;   /* of its groups that are not; 0: not known */
	int64_t loaded_at;  /* groups due by then have been read */
	int64_t after_time; /* read so far: (next_try, message, n) */
	uint64_t after_message;
	uint32_t after_n;
	TAILQ_ENTRY(destination) ring;
	TAILQ_ENTRY(destination) meal; /* while hungry */
	struct destination *next;      /* in its bucket */
};

enum schedule_ring { RING_LIGHT, RING_HEAVY, SCHEDULE_RINGS };

struct schedule {
	struct gates gates;
	struct lines lines;
	unsigned int window_max; /* per destination */
	size_t open_max;         /* in all */
	size_t nopen;
	size_t ngroups;
	size_t ndestinations;
	uint64_t random; /* state of the jitter */
	struct destination_line rings[SCHEDULE_RINGS];
	enum schedule_ring turn; /* whose it is */
	struct destination *bucket[SCHEDULE_BUCKETS];
};

/* How an attempt ended for the destination. */
enum outcome {
	OUTCOME_SUCCESS,     /* it talked to us up to an answer to MAIL */
	OUTCOME_UNREACHABLE, /* no connection, no greeting, no address */
	OUTCOME_ABORTED      /* by us: nothing is known */
};

void schedule_init(
    struct schedule *, unsigned int window_max, size_t open_max, uint64_t seed);
void schedule_clear(struct schedule *); /* destinations; groups are gone */

/* Finds or makes it. */
struct destination *schedule_destination(
    struct schedule *, enum transport, const char *host, uint16_t port);
/* NULL when it is not in memory. */
struct destination *schedule_find(
    struct schedule *, enum transport, const char *host, uint16_t port);

/* Its clock has not passed, or it is suspended. */
bool schedule_asleep(const struct destination *, int64_t now);
/* May this held fresh group stay in memory and be tried at once? */
bool schedule_admits(
    const struct schedule *, const struct group *, int64_t now);
/* How many more groups of it may be read into memory. */
size_t schedule_room(const struct schedule *, const struct destination *);

/* The group now counts as in memory for its destination (set by caller). */
void schedule_hold(struct schedule *, struct group *);
/* It is no longer: forget it (not freed). */
void schedule_drop(struct schedule *, struct group *);
/* It counts no longer as read from queue.db, though it is in memory. */
void schedule_unload(struct group *);
/* Puts a held group into its destination's line, at the back. */
void schedule_ready(struct schedule *, struct group *);

/* Takes it out of the line again, held as before. */
void schedule_unready(struct schedule *, struct group *);

/* A group of the destination that is in line; NULL: there is none. */
struct group *schedule_first(const struct destination *);

/*
 * The group to be tried next: out of the line, counted as open.  NULL when
 * nothing may be tried now.  Destinations whose clock has not passed by now
 * are passed over.
 */
struct group *schedule_next(struct schedule *, int64_t now);
/* When a rate lets the next one go, although nothing happens; 0: never. */
int64_t schedule_due(const struct schedule *);
/* It is not tried after all: rates that schedule_next() spent on it are given
 * back. */
void schedule_refund(struct group *, int64_t now);
/* This group from the line, as if schedule_next() had given it. */
void schedule_take(struct schedule *, struct group *);
/*
 * An attempt has ended, by this host ("" or NULL: none): window and clock of
 * the destination, and the window of the host.  True when the destination
 * goes to sleep by this (its groups in line are the caller's to store and
 * drop).
 */
bool schedule_ended(struct schedule *, struct group *, enum outcome,
    const char *host, int64_t now);
/* The host by which it was reached within the hour; NULL: not known. */
const char *schedule_host(const struct destination *, int64_t now);
/* Operator's retry: awake at once. */
void schedule_wake(struct schedule *, struct destination *);

/* Forgets a destination that has no groups in memory. */
void schedule_forget(struct schedule *, struct destination *);

/*
 * The pause after the n-th failure (1 ..), ms: 5, 15, 30 min, 1, 2, 4, 4 h
 * ... with 20 % jitter; at most cap (0: none).
 */
int64_t schedule_pause(struct schedule *, unsigned int n, int64_t cap);

#endif
