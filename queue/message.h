/* SPDX-License-Identifier: ISC */
/* queue/message.h - a message, its groups and recipients in memory.
 *
 * A group is the unit of scheduling: one message to one destination, at most
 * GROUP_RCPTS recipients of it.  What
 * is in memory is a window on queue.db, never more than what is there.
 * Ownership: a message owns its text; each of its groups in memory holds a
 * reference, and the last one frees it (and closes the body).
 */
#ifndef QUEUE_MESSAGE_H
#define QUEUE_MESSAGE_H

#include "common/ipc/msg_report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
	UID_NONE = -1,
	GROUP_RCPTS = 100 /* of a new group, at most: a transaction's */
};

/* Of a message's flags, beside ENVELOPE_*: it tells the postmaster of mail
 * without a sender. */
enum { MESSAGE_TO_POSTMASTER = 1 << 16 };

struct message {
	uint64_t id;
	uint32_t shard;
	uint64_t size;    /* bytes of the body, by queue's own fstat */
	int64_t received; /* wall clock, ms */
	uint32_t class_;  /* enum peer_class: by the channel it came over */
	int64_t uid;      /* of a local submitter, or UID_NONE */
	uint32_t flags;   /* ENVELOPE_* */
	char *sender;     /* "" is the null sender */
	char *client;     /* address as text, "" local */
	char *helo;
	char *message_id;
	uint8_t ret; /* enum ret; RFC 3461 */
	char *envid; /* decoded, "" none */
	char *login; /* who handed it in, "" nobody has logged in */
	int fd;      /* the body, read-only; -1 not open */
	size_t refs; /* groups in memory, and operations on it */
};

struct rcpt {
	uint32_t n; /* within the group, never reused */
	bool tried; /* in this round: a job has had it */
	char *address;
	char *original; /* before expansion; NULL when the same */
	uint8_t notify; /* NOTIFY_* */
	char *orcpt;    /* "type;address", NULL none */
};

struct destination;
struct gate;
struct job;
struct line;

struct group {
	struct message *message; /* a reference */
	uint32_t n;              /* within the message */
	enum group_state state;
	int64_t next_try;   /* wall clock, ms; 0 now */
	uint32_t attempts;  /* that ended with "later" */
	char *error;        /* of the last one, NULL */
	struct rcpt *rcpts; /* not yet done */
	size_t nrcpts;
	struct destination *destination;
	struct line *line;        /* its sender's, while held in memory */
	TAILQ_ENTRY(group) ready; /* in that line */
	bool in_line;
	bool light;        /* and its sender had few others in memory then */
	bool loaded;       /* it was read from queue.db */
	struct gate *gate; /* the host's that it counts for while open */
	int64_t spent;     /* when rates counted it, 0: they have not */
	bool aside;        /* out of the line while an order is being written */
	struct job *job;   /* being delivered, or NULL */
	unsigned int losses; /* of workers that had it */
	struct group *same;  /* next in the window's bucket */
};

/* One reference, for the caller. */
struct message *message_new(void);
void message_hold(struct message *);
void message_release(struct message *); /* the last one frees and closes */

/* Takes a reference to the message. */
struct group *group_new(struct message *, uint32_t n);
void group_free(struct group *); /* gives its reference back */
/* What a recipient is made of; texts may be NULL, but for the address. */
struct rcpt_new {
	const char *address, *original, *orcpt;
	uint8_t notify;
	bool final; /* it is known who is meant */
};
/* Texts are copied. */
void group_add_rcpt(struct group *, uint32_t n, const struct rcpt_new *);
/* Forgets the recipient at this place; the order of the others stays. */
void group_drop_rcpt(struct group *, size_t place);
void group_set_error(struct group *, const char *);

#endif
