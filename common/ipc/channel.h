/* SPDX-License-Identifier: ISC */
/* common/ipc/channel.h - frames between two of our processes.
 *
 * A channel is one end of a socketpair (SOCK_SEQPACKET, or SOCK_STREAM: the
 * frames carry their length).  It never blocks: what is sent is gathered and
 * written by channels_flush(), once per loop turn, many frames to a system
 * call.  A frame: version, flags, type, payload length, conversation id,
 * payload, and at most one descriptor, whose presence the type fixes.
 *
 * Conversations.  A message type with a credit opens a conversation; both
 * ends count: the sender may open only while channel_may_open(), the receiver
 * treats one too many as a broken rule.  Later messages name the conversation
 * and are judged by its phase.  Either side's rule may end it (CONV_END); both
 * must agree, which the rules say.
 *
 * The receiver owns the rules: what this peer may say, and when.  Anything
 * else ends the channel: conv_lost for each open conversation, then closed(),
 * after which the channel frees itself.  A peer that lets more than
 * CHANNEL_UNREAD bytes wait ends the same way.
 */
#ifndef COMMON_IPC_CHANNEL_H
#define COMMON_IPC_CHANNEL_H

#include "common/ipc/field.h"

struct channel;
struct event_base;

/* Phases of a conversation: bits, of which 0 to 2 are fixed. */
enum {
	CONV_NONE = 1 << 0, /* rule.in: the message stands alone (id 0) */
	CONV_NEW = 1 << 1,  /* rule.in: the message opens a conversation */
	CONV_END = 1 << 2,  /* rule.then: it is over */
	CONV_A = 1 << 3,    /* free to use from here */
	CONV_B = 1 << 4,
	CONV_C = 1 << 5,
	CONV_D = 1 << 6
};

enum {
	CHANNEL_UNREAD = 1024 * 1024, /* bytes a peer may leave unread */
	CHANNEL_FULL = 128 * 1024     /* bytes at which we hold back */
};

struct conv {
	uint64_t id;
	unsigned int phase;
	bool ours; /* this side opened it */
	bool ended;
	const struct ipc_type *opener;
	void *object; /* the owner's, NULL at first */
	struct conv *next;
};

struct channel_rule {
	const struct ipc_type *type;
	/*
	 * The message is lent; the descriptor (-1 without) is taken.  conv is
	 * NULL for CONV_NONE.  False: the peer broke the rules.
	 */
	bool (*handle)(
	    struct channel *, struct conv *, const void *msg, int fd);
	unsigned int in;   /* phases in which it may come */
	unsigned int then; /* phase after; 0 leaves it as the handler set it */
};

struct channel_def {
	const struct channel_rule *rules;
	size_t nrules;
	/* May be NULL. An open conversation dies with the channel. */
	void (*conv_lost)(struct channel *, struct conv *);
	/* why: NULL at a plain end of file, else what the peer did wrong. */
	void (*closed)(struct channel *, const char *why);
	/* May be NULL. There is room again after channel_full(). */
	void (*drained)(struct channel *);
};

/* Takes the descriptor and makes it non-blocking. */
struct channel *channel_new(
    struct event_base *, int fd, const struct channel_def *, void *owner);
/* Without closed(): for an owner that has had enough. Unsent bytes are lost. */
void channel_free(struct channel *);
void *channel_owner(const struct channel *);
int channel_fd(const struct channel *);
/* Within a handler: the type of the message that it got. */
const struct ipc_type *channel_message(const struct channel *);

/* Credit left to open one more conversation with this type? */
bool channel_may_open(const struct channel *, const struct ipc_type *);
/* Opens one and sends its first message; panics without credit. */
struct conv *channel_open(struct channel *, const struct ipc_type *,
    const void *msg, int fd, unsigned int phase, void *object);
/* Within a conversation, or alone (NULL).  fd is taken, -1 for none. */
void channel_send(struct channel *, struct conv *, const struct ipc_type *,
    const void *msg, int fd);
/* This side is done with it: no further message may name it. */
void conv_end(struct channel *, struct conv *);

bool channel_full(const struct channel *);     /* hold back what can wait */
size_t channel_unsent(const struct channel *); /* bytes that wait */
/* Stop or go on reading what the peer sends. */
void channel_pause(struct channel *, bool);
/* Every channel writes what it gathered. Call once per loop turn. */
void channels_flush(void);
/* Reads and dispatches what is there, waiting for at least one packet: for
 * the time before the loop. False: the channel is closed. */
bool channel_wait(struct channel *);

#endif
