/* SPDX-License-Identifier: ISC */
/* queue/store.h - the store thread: the only toucher of SQLite and the spool.
 *
 * The loop thread hands over operations (store_submit); the store thread
 * takes all that wait as one batch: file contents and names made durable
 * together, then one transaction, then the answers.  What arrives meanwhile
 * is the next batch: no timer, no wait when idle.  Finished operations come
 * back through a list and an eventfd; done() runs in the loop thread.
 *
 * While an operation is under way what it points to belongs to the store
 * thread, but for the keys of destinations, which never change.
 */
#ifndef QUEUE_STORE_H
#define QUEUE_STORE_H

#include "common/ipc/msg_check.h"
#include "common/ipc/msg_report.h"
#include "queue/bounce.h"
#include "queue/message.h"
#include "queue/schedule.h"
#include "queue/spool.h"

struct event_base;
struct sqlite3;

enum {
	STORE_STOCK_MAX = 32,
	STORE_LOAD_MAX = 64,
	STORE_DUE_MAX = 64,
	STORE_COUNT_MAX = 10000, /* what is counted for people */
	STORE_FINDINGS_MAX = 16,
	/* at reading what a notification is about; then it is sent without */
	STORE_CONTENT_TRIES = 5
};

/* A piece of the walk by age: messages looked at, recipients in what is due
 * (or one group, if it has more). */
enum { AGE_ROWS = 2000, AGE_RCPTS = BOUNCE_RCPTS_MAX };

enum store_kind {
	STORE_STOCK,   /* body files to be written by smtpd, durable names */
	STORE_DISCARD, /* such a file is not wanted */
	STORE_OPEN,    /* a body to be read */
	STORE_COMMIT,  /* a message is to be durable */
	STORE_RESULT,  /* what became of a group */
	STORE_SLEEP,   /* a destination's clock, and when to look at it */
	STORE_SUSPEND, /* an operator says that it waits, or no longer */
	STORE_ORDER,   /* an operator's wish */
	STORE_AGED,    /* a message is given up or told of, by its age */
	STORE_AGE,     /* which messages are that old */
	STORE_LOAD,    /* due groups of a destination */
	STORE_GET,     /* one group */
	STORE_GROUPS,  /* those of a message, a piece at a time */
	STORE_DUE,     /* destinations that are due */
	STORE_DESTINATION, /* all that is known of one */
	STORE_FATE,        /* is this message stored? */
	STORE_SPACE,       /* what is free on the disk */
	STORE_CLEAN,       /* what a former queue left */
	STORE_CHECK        /* what is wrong with the spool */
};

struct store_stock {
	size_t count; /* wanted; out: got */
	struct {
		uint64_t id;
		int wfd, rfd;
	} items[STORE_STOCK_MAX];
};

/* What a destination's row says. */
struct store_row {
	int64_t id;
	int64_t not_before, suspended;
	int64_t told; /* of a refused login */
	uint32_t failures;
};

/* A group to be stored; its destination's row comes back, all of it if the
 * id was not known. */
struct store_group {
	struct group *group;
	struct store_row row;
};

struct store_commit {
	struct message *message; /* fd: the body; out: size */
	struct store_group *groups;
	size_t ngroups;
	struct admit_index *index; /* while recipients are being added */
};

/* What is told of a message, or kept of it, in the transaction that removes
 * the cause. */
struct store_notice {
	struct bounce *bounce;       /* NULL: nobody is told */
	struct store_commit *commit; /* its message: id and fd come back */
	struct store_commit *held;   /* of the message itself; or NULL */
	unsigned int tries;          /* that could not read the message */
	int64_t told_login; /* of its destination, now; 0: it tells not */
};

struct store_result {
	struct message *message;
	uint32_t group;
	bool finished;  /* no recipient is left */
	uint32_t *done; /* else: numbers of recipients that are done */
	size_t ndone;
	/* of what is left */
	enum group_state state;
	int64_t next_try;
	uint32_t attempts;
	char *error; /* ours */
	const struct destination *destination;
	struct store_row row; /* out, of the destination */
	/* finished: what comes in its place (numbers are chosen); or NULL */
	struct store_commit *instead;
	struct store_notice notice;
};

/* Void if an order changed one of the groups, or it was told of before. */
struct store_aged {
	struct message *message;
	bool warn;     /* it is marked as told of; else these go: */
	bool held_too; /* though they are held */
	struct {
		uint32_t n;
		uint32_t last_rcpt; /* with those before */
		bool whole;         /* it has no others */
	} * groups;
	size_t ngroups;
	struct store_notice notice;
	unsigned int tries; /* the owner's: refused by the disk */
	bool void_;         /* out */
};

/* Ages in ms; warn 0: never. */
struct age_limits {
	int64_t warn, expire, expire_bounce;
};

struct store_age_item {
	bool expired;
	struct group *group;
};

struct store_age {
	int64_t now;
	struct age_limits limits;
	uint64_t from;        /* messages from this id on; out: the next */
	uint32_t after_group; /* of that one, groups later than this */
	struct store_age_item *items; /* out; freed with the operation */
	size_t n, nrcpts;
	int64_t next;  /* out: when something else seen will be due */
	bool finished; /* out: there are no more messages */
};

struct store_sleep {
	int64_t destination_id;
	bool clock; /* set the clock too, else only wake */
	int64_t not_before;
	unsigned int failures;
	char *error; /* ours */
	/* not its clock: when it last read its groups; out: its wake, or 0 */
	int64_t loaded_at, wake;
};

/* Destinations of this name, whatever transport (0) or port (0). */
struct store_suspend {
	char host[DOMAIN_MAX + 1];
	uint8_t transport;
	uint16_t port;
	int64_t until;       /* 0: they go on */
	int64_t only_before; /* those whose time was over by then; 0: all */
	char *reason;        /* ours */
	/* one of that name that would be used today is made: */
	uint8_t add_transport; /* 0: there is none */
	uint16_t add_port;
	uint32_t count; /* out: how many are, or were, suspended */
};

struct store_order {
	enum order_verb verb;
	uint64_t id;  /* 0: all (retry) */
	uint32_t uid; /* who asks */
	bool operator_;
	uint32_t *busy; /* numbers of groups that are being tried */
	size_t nbusy;
	int64_t now;
	uint32_t touched;    /* out */
	uint32_t nsuspended; /* out: of those whose destination is; of all:
			      * such destinations */
	int64_t *woken;      /* out: destinations whose clock was reset */
	size_t nwoken;
	uint32_t *unrouted; /* out: to be released, without a destination */
	size_t nunrouted;
	bool known, allowed;
};

/* What the error of a group says that was set aside; the reason follows. */
#define STORE_QUARANTINED "quarantined: "

/* Groups whose rows cannot be used: held from now on, for that reason. */
struct store_flawed {
	struct {
		uint64_t message;
		int64_t group;
		const char *why;
	} items[STORE_LOAD_MAX];
	size_t n;
};

struct store_load {
	int64_t destination_id;
	int64_t now;
	int64_t after_time; /* groups later in (next_try, message, n) */
	uint64_t after_message;
	uint32_t after_n;
	size_t max;
	struct group *groups[STORE_LOAD_MAX]; /* out; yours */
	size_t n;
	bool more;
	struct store_flawed flawed; /* out */
	int64_t next_due; /* out: of those that are not due; 0: none */
};

struct store_get {
	uint64_t message;
	uint32_t n;
	struct group *group; /* out; yours; NULL: not there, or flawed */
	struct store_flawed flawed;
};

/* As many recipients as a notification may name, or a group more. */
struct store_groups {
	uint64_t message;
	uint32_t uid; /* who asks */
	bool operator_;
	uint32_t after, upto;  /* in and out: later ones; 0: up to the last */
	struct group **groups; /* out; freed with the operation */
	size_t n, nrcpts, ndamaged;
	bool known, allowed, finished; /* out */
};

struct store_due_row {
	struct store_row row;
	int64_t wake;
	uint8_t transport;
	uint16_t port;
	char host[DOMAIN_MAX + 1];
};

struct store_due {
	int64_t now;
	int64_t after_wake, after_id; /* those later in (wake, id) */
	struct store_due_row rows[STORE_DUE_MAX];
	size_t n;
	int64_t flawed[STORE_DUE_MAX]; /* out: ids of rows that cannot be */
	size_t nflawed;
	int64_t next_wake; /* out: of what is not due yet; 0: none */
};

struct store_destination {
	uint8_t transport;
	uint16_t port;
	char host[DOMAIN_MAX + 1];
	bool known; /* out, and below: there is a row */
	int64_t id, not_before, suspended;
	int64_t next_try; /* of its waiting groups; 0: none */
	unsigned int failures;
	uint64_t waiting;     /* groups, counted up to STORE_COUNT_MAX */
	char *error, *reason; /* freed with the operation; NULL none */
};

struct store_fate {
	uint64_t id;
	bool stored;
};

struct store_clean {
	uint64_t removed; /* out: files that never became messages */
	uint64_t orphans; /* out: kept, as their row may have been lost */
	struct store_flawed flawed; /* out */
	bool finished;              /* else: ask again */
};

struct store_check {
	struct msg_check from; /* where the piece begins */
	struct msg_finding findings[STORE_FINDINGS_MAX];
	size_t n;
	struct msg_check_end end; /* where the next one does */
};

struct store_op {
	enum store_kind kind;
	bool failed;
	int error; /* errno, 0 when it is the database that failed */
	bool abandoned, settled; /* of a commit: guarded by store_abandon.c */
	void (*done)(struct store_op *); /* loop thread; frees it */
	void *owner;
	STAILQ_ENTRY(store_op) next;
	union {
		/* thousands may be under way: the larger ones lie elsewhere,
		 * made and freed with the operation */
		void *large;
		struct store_stock *stock;
		uint64_t discard;     /* id */
		struct message *open; /* its fd comes back */
		struct store_commit commit;
		struct store_result result;
		struct store_sleep sleep;
		struct store_suspend suspend;
		struct store_order order;
		struct store_aged aged;
		struct store_age age;
		struct store_load *load;
		struct store_get *get;
		struct store_groups *groups;
		struct store_due *due;
		struct store_destination *destination;
		struct store_fate fate;
		struct spool_room space;
		struct store_clean *clean;
		struct store_check *check;
	} u;
};

STAILQ_HEAD(store_list, store_op);

/* Confined: takes lock and key, opens the database, recovers. */
void store_prepare(void);
/* Starts the threads (sandbox_seal() is the caller's to call). */
void store_start(struct event_base *);
/* What identifies this queue to smtpd. */
uint64_t store_instance(void);
const uint8_t *store_key(void);

struct store_op *store_op_new(
    enum store_kind, void (*done)(struct store_op *), void *owner);
void store_op_free(struct store_op *); /* and what it owns */
/* With the others of this turn of the loop. */
void store_submit(struct store_op *);
/* A message waits among what was submitted in this turn. */
bool store_has_commit(void);
/* A commit under way must not be, as its client will come again.  False: it
 * is settled already.  done() is called as ever. */
bool store_abandon(struct store_op *);
/* End of the turn: hands everything submitted in it over at once. */
void store_turn(void);
/* Milliseconds since the oldest operation under way was submitted. */
int64_t store_behind(void);
/*
 * Instead of store_start(), for tests: what was handed over runs here, as one
 * batch (false: nothing waited); and the answers are given.
 */
bool store_waits(void);
bool store_batch(void);
void store_answers(void);
/* Finishes what was submitted, then ends the thread. Waits. */
void store_stop(void);

#endif
