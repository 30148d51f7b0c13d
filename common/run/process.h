/* SPDX-License-Identifier: ISC */
/* common/run/process.h - the skeleton that every main but posternd's calls.
 *
 * process_main() does, once for all and in this order: takes the channel to
 * posternd (descriptor 3), reads its configuration, sockets and channels from
 * it, runs prepare(), confines itself (chroot, groups, gid, uid, no_new_privs,
 * resource limits, Landlock, seccomp) and proves that it cannot go back, says
 * that it is ready, runs start() and then the loop.  After each turn of the
 * loop channels and log are written.  A process that cannot be confined does
 * not start, unless the configuration says `sandbox off`, which is logged.
 *
 * At end of file on the channel to posternd stop() is called; the process
 * must call process_exit() within STOP_SECONDS, or is ended.
 */
#ifndef COMMON_RUN_PROCESS_H
#define COMMON_RUN_PROCESS_H

#include "common/conf/conf.h"
#include "common/ipc/channel.h"
#include "common/ipc/msg_control.h"
#include "common/sys/sandbox.h"

struct event_base;

enum { STOP_SECONDS = 10 };

/* A peer of ours: one process at the other end of a channel. */
struct peer {
	enum peer_kind kind;
	enum peer_class class_; /* smtpd workers; else 0 */
	unsigned int index;
	uint32_t life;           /* which of its processes, by posternd */
	struct channel *channel; /* NULL between loss and the next attach */
	void *data;              /* the program's own, NULL at first */
};

/* The owner of a peer's channel is its struct peer: channel_owner(). */
struct peer_def {
	enum peer_kind kind;
	const struct channel_rule *rules;
	size_t nrules;
	void (*conv_lost)(struct channel *, struct conv *); /* may be NULL */
	void (*attached)(struct peer *);                    /* may be NULL */
	/* peer->channel is already NULL.  May be NULL. */
	void (*lost)(struct peer *);
	void (*drained)(struct channel *); /* may be NULL */
};

/* A listening socket that we were handed. */
struct listening {
	int fd;
	uint16_t number; /* of the listener in the configuration */
	uint16_t port;
	bool local; /* a UNIX socket */
	enum listener_tls tls;
	enum listener_auth auth;
};

/* Shared memory that we were handed, for which the program must ask. */
struct shared {
	int fd; /* -1: none */
	uint16_t column;
};

struct process {
	const char *name; /* "postern-smtpd" */
	enum peer_kind kind;
	unsigned int rights; /* enum right of common/sys/sandbox.h */
	const char *const
	    *folders; /* of the root, for RIGHT_SPOOL*; NULL: all */
	const struct peer_def *peers;
	size_t npeers;
	void (*prepare)(void); /* unconfined; may be NULL */
	void (*start)(void);   /* confined */
	void (*turn)(void);    /* end of each loop turn; may be NULL */
	void (*stop)(void);    /* NULL: exit at once */
	/*
	 * Files with secrets, each set followed by secrets_end(): the first
	 * before prepare(), more of them at any time.  The descriptor is taken.
	 * False: not what we hold.  NULL both: there are none.
	 */
	bool (*secret)(const struct msg_secret *, int fd);
	void (*secrets_end)(void);
	/*
	 * A file that we read, and again when it has changed; confined, the
	 * first time right after start().  The descriptor is taken.  False:
	 * not what we read.  NULL: there are none.
	 */
	bool (*file)(const struct msg_file *, int fd);
	/*
	 * The socket that was asked for by MSG_HOP_WANT with this ticket; the
	 * descriptor is taken, -1: why there is none.  NULL: we ask for none.
	 */
	void (*hop)(uint32_t ticket, int fd, const char *why);
};

int process_main(const struct process *, int argc, char *argv[]);

struct event_base *process_base(void);
const struct conf *process_conf(void);
const struct msg_boot *process_boot(void); /* whom we are: class, index */
/* The n-th peer of that kind that was ever attached, NULL beyond the last;
 * its channel may be NULL. */
struct peer *process_peer(enum peer_kind, size_t n);
/* Listening sockets that we were handed, in order; false beyond the last. */
bool process_listener(size_t n, struct listening *);
/* The table of clients; the descriptor is the caller's. */
struct shared process_census(void);
/* This peer does not do what it must: its channel ends here, lost() runs, and
 * posternd ends the process and starts it again. */
void process_accuse(struct peer *, const char *why);
/* To posternd: a message without descriptor, that stands alone. */
void process_tell(const struct ipc_type *, const void *msg);
/* A file that came was read, and taken; or why not, in which line of it (0: in
 * none). */
void process_file_read(
    const struct msg_file *, unsigned int line, const char *why);
/* Ends the process properly: channels and log flushed, exit 0. */
_Noreturn void process_exit(void);

#endif
