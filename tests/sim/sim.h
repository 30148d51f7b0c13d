/* SPDX-License-Identifier: ISC */
/* tests/sim/sim.h - a queue that lives in a made-up world.
 *
 * The objects of queue/ are the shipped ones, but for main.c; what they call
 * outside themselves is replaced: event loop and channels (fake.c), the syncs
 * of disk and of SQLite, randomness, and the clock, which jumps from event to
 * event.  The store's batches run in the same thread, between other events
 * (store_batch, store_answers).
 *
 * A history is a seed.  Each life of queue is a process: it ends at a random
 * moment, or at a random sync.  What the world knows outlives it in shared
 * memory (struct sim): what was acknowledged, what servers took, what workers
 * still hold, what an operator wants.  model.c compares that with what queue
 * does and with queue.db; the first difference ends the history with its seed.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "common/ipc/msg_intake.h"
#include "common/ipc/msg_job.h"
#include "common/ipc/msg_report.h"
#include "common/run/process.h"

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
	DOMAINS = 6, /* the last one is where senders live */
	BACK = DOMAINS - 1,
	MESSAGES = 400, /* notices too */
	SENT_MAX = 120, /* by clients */
	RCPTS = 6,
	JOBS = 64,
	WORKERS = 2,
	ADDRESS = 64,
	/* the configuration of the simulated queue */
	OPEN_EACH = 5,
	OPEN_MAX = 12,
	EXPIRE = 2 * DAY,
	EXPIRE_BOUNCE = DAY,
	PACE = 3 * SECOND, /* of domain 2 */
	OPEN_MAX_CROWDED = 6,
	PACE_HOST = SECOND, /* of the first two's host, in a crowded world */
	/* how late queue may be, all in all, with what is due */
	LATE = 12 * SECOND
};

enum weather { FINE, DEAD, GREY, WEATHERS };

struct domain {
	char name[ADDRESS];
	char host[ADDRESS];
	enum weather weather;
	int64_t changes;
	bool failing;      /* not reached last time: one probe at a time */
	int64_t low, high; /* of its clock, as far as can be told; 0 none */
	unsigned int failures;
	int64_t suspended;    /* nothing may be tried until then */
	int64_t suspend_high; /* and surely may be from then on */
	int64_t last;         /* start of its last job */
	int64_t hungry;       /* since when it has due mail and gets nothing */
	int nopen;
};

enum rcpt_state { TO_TRY, DELIVERED, FAILED, REMOVED, EXPIRED };

struct recipient {
	char address[ADDRESS];
	int domain;
	enum rcpt_state state;
	int64_t told; /* when queue was told so: durable a little later */
	int64_t low, high;
	unsigned int attempts; /* that ended with "later", at most */
	bool held;             /* queue.db says so */
	bool doubtful;         /* an order was lost on the way */
	int job;               /* that has it, 0 none */
	int64_t since;         /* surely in line since then; 0: not surely */
};

enum message_state { UNUSED, SENT, ACCEPTED, REFUSED };

struct letter {
	uint64_t id, instance;
	enum message_state state;
	bool notice;      /* of queue's own */
	bool null_sender; /* nobody is to be told */
	bool noticed;     /* a notice about it has been seen */
	bool bouncing;    /* an order to give it up was the last one */
	char sender[ADDRESS];
	int64_t received;
	int nrcpts;
	struct recipient rcpts[RCPTS];
	struct conv *conv; /* of this life only */
};

struct errand { /* a job, as its worker sees it */
	bool used;
	bool orphan; /* its queue is gone; it goes on past the dot */
	bool told;   /* MSG_HELD was sent to the present queue */
	int letter;
	int domain;
	unsigned int worker;
	struct job_key key;
	int nrcpts, expected;
	struct {
		uint32_t n;
		int rcpt; /* of the letter */
		int verdict;
	} rcpts[RCPTS];
	bool counted;   /* surely, in the window of its host */
	bool reached;   /* else there was no connection */
	int64_t dot_at; /* the final dot is sent; 0: never */
	bool dotted;    /* that was said */
	int64_t end_at;
	struct conv *conv; /* of this life only */
};

struct sim {
	uint64_t seed, random;
	int64_t now;
	int64_t begun;   /* the life */
	int64_t durable; /* what queue was told by then is in queue.db */
	int64_t last_batch;
	bool final; /* fair weather from now on, and everything must end */
	/*
	 * Floods of one sender, few connections, a limit on a host, and disks
	 * that fail: every fourth seed.
	 */
	bool crowded;
	bool disk_failed; /* in this life */
	int lives;
	int nsent;
	struct domain domains[DOMAINS];
	struct letter letters[MESSAGES];
	int nletters;
	struct errand errands[JOBS];
	int nopen;
	struct {
		uint64_t jobs, delivered, deferred, unreachable, failed,
		    expired, removed, returned, held, suspended, lost_workers,
		    restarts, notices, probes, floods, disk_errors, waits;
	} count;
	char trouble[256];
};

extern struct sim *sim;

/* sim.c */
uint64_t sim_random(void);
int64_t sim_between(int64_t low, int64_t high);
bool sim_chance(unsigned int percent);
_Noreturn void sim_fail(const char *, ...)
    __attribute__((__format__(printf, 1, 2)));
void sim_say(const char *, ...) __attribute__((__format__(printf, 1, 2)));

/* fake.c: the outside of queue. */
void fake_init(void);
int64_t fake_timer_next(void); /* INT64_MAX: none */
void fake_timer_fire(void);
struct peer *fake_attach(
    enum peer_kind, unsigned int index, const struct peer_def *);
void fake_lose(struct peer *);
/* The peer says something; NULL: it opens a conversation or stands alone. */
struct conv *fake_speak(
    struct peer *, struct conv *, const struct ipc_type *, const void *);
extern int fake_syncs; /* queue ends at the n-th sync; 0: it does not */
extern int fake_error; /* the n-th sync fails; 0: none does */

/* peers.c: those that queue talks to.  The first is told all that queue
 * says. */
void peers_hear(struct peer *, struct conv *, const struct ipc_type *,
    const void *, int fd);
void peers_begin(void);
int64_t peers_next(void); /* when something of theirs is due */
void peers_go(void);
void peers_queue_lost(void); /* after a life */

/* operator.c: an operator, the same way. */
void operator_begin(void);
int64_t operator_next(void);
void operator_go(void);
void operator_hear(const struct msg_order_done *);

/* fair.c: whose turn it is, and how many at once. */
void fair_begin(void); /* of a life */
void fair_accepted(struct letter *);
void fair_job(struct errand *); /* before the model counts it */
void fair_ended(const struct errand *, bool told);
/* Surely another job may be under way there. */
bool fair_room(int domain);
/* Somebody has put his hand in: what was in line may be no more. */
void fair_doubt(int domain); /* -1: all */

/* model.c: what must be true. */
void model_job(struct errand *); /* queue has given it */
void model_orphaned(const struct errand *);
void model_ended(struct errand *, bool told);
void model_look(void); /* does anything starve? */
void model_compare(bool restarted);
bool model_all_done(void);
int model_letter(uint64_t id, const char *sender, const char *address);

#endif
