/* SPDX-License-Identifier: ISC */
/* master/master.h - posternd's one state, and the steps that change it.
 *
 * Everything happens in one thread on one event base; nothing here blocks
 * once the children run.
 */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include "common/ipc/channel.h"
#include "master/accounts.h"
#include "master/listen.h"
#include "master/secrets.h"
#include "master/watched.h"

#include <event2/event.h>
#include <sys/types.h>

enum {
	CHILDREN_MAX = 288,
	DEATHS_KEPT = 5,
	DEATHS_WINDOW_MS = 60 * 1000,
	ACCUSATIONS_MAX = 3, /* one child may have that many others killed */
	BOOT_MS = 60 * 1000, /* from start to MSG_READY; queue may wait 30 s */
	END_MS = 5 * 1000,   /* from end of file to the end */
	RESTART_MAX_MS = 30 * 1000,
	CHECK_MS = 10 * 1000 /* to try a new configuration */
};

enum child_state {
	CHILD_DOWN,    /* no process; its timer may start one */
	CHILD_BOOTING, /* is being told its configuration */
	CHILD_BOOTED,  /* has been told all, confines itself */
	CHILD_READY,
	CHILD_ENDING, /* its channel is closed; its timer kills it */
	CHILD_KILLED  /* not yet reaped */
};

struct child {
	struct master *master;
	const struct program *program;
	unsigned int index;
	enum child_state state;
	pid_t pid;                   /* 0: none */
	struct channel *control;     /* NULL unless it is being told things */
	size_t conf_next;            /* see confpass_send() */
	int exit_code;               /* of its last death, 0 a signal */
	uint32_t life;               /* starts so far */
	unsigned int accusations;    /* MSG_BROKEN from this process */
	int64_t deaths[DEATHS_KEPT]; /* when, newest first; 0 none */
	struct event *timer;
	struct {
		int64_t second;
		unsigned int asked; /* in that second */
	} hops;                     /* see hop.h */
};

enum master_state {
	MASTER_STARTING,   /* for the first time: somebody waits for us */
	MASTER_RESTARTING, /* all children after a reload */
	MASTER_RUNNING,    /* all of them were ready */
	MASTER_STOPPING    /* to end, or to start all anew */
};

struct options {
	const char *file;    /* absolute */
	const char *folder;  /* of the programs */
	const char *answers; /* -a: master/answers.h; else NULL */
	unsigned int debug;  /* 1: foreground and stderr, 2: debug lines too */
	bool foreground;     /* stay, with the log as configured */
	bool check, verbose; /* -n, -v */
};

/* What SIGHUP has prepared, in force once the children have ended. */
struct reload {
	bool wanted;   /* SIGHUP came and was not yet looked at */
	pid_t checker; /* tries the file, 0 none */
	struct event *timer;
	struct conf conf;
	bool opened; /* listeners is set, else they wait for the old to go */
	struct listeners listeners;
	struct secrets secrets;
	struct watched watched;
};

struct master {
	struct options options;
	struct conf conf;
	struct accounts accounts;
	struct listeners listeners;
	struct secrets secrets;
	struct watched watched;
	struct event_base *base;
	int lock;   /* see lock.h */
	int census; /* see census.h */
	int log_fd; /* given to children */
	bool log_stamp;
	ino_t log_inode; /* see logwatch.c */
	dev_t log_device;
	struct child children[CHILDREN_MAX];
	size_t nchildren;
	enum master_state state;
	int starter; /* a pipe to whom waits for us to be ready, or -1 */
	unsigned int stop_step;
	void (*stopped)(struct master *);
	bool ending; /* SIGTERM came: no reload any more */
	struct reload reload;
};

/* spawn.c: forks and executes; false when the system refuses. */
bool child_spawn(struct child *, int control);

/* boot.c: tells children what they need, as far as the channels have room. */
void child_boot(struct child *);
bool boots_step(struct master *); /* true: more can be sent after a flush */
/* The files with secrets that it needs, now or anew. */
void child_secrets(struct child *);

/* filewatch.c: files that are read again when they change. */
void filewatch_init(struct master *);
void child_files(struct child *); /* those that it reads */

/* watch.c: the life of each child. */
void child_start(struct child *);
void child_kill(struct child *, const char *why);
/* Asks it to end (end of file), kills it when it does not. */
void child_end(struct child *);
void children_reap(struct master *);
/* The table of programs becomes m->children, all down; then all start. */
/* How many processes of it there are to be. */
size_t program_count(const struct master *, const struct program *);
void children_make(struct master *);
void children_start(struct master *);

/* logwatch.c: a fresh log for everybody when the old one was moved away. */
void logwatch_init(struct master *);
bool logwatch_open(struct master *); /* as the configuration says now */

/* stop.c: all children, in order; then m->stopped. */
void stop_begin(struct master *, void (*stopped)(struct master *));
void stop_step(struct master *); /* when a child has gone */

/* reload.c */
void reload_init(struct master *);
void reload_begin(struct master *); /* SIGHUP came, or a good time for it */
void reload_checked(struct master *, int status); /* the checker has ended */

/* load.c: reads, checks and completes the configuration of options->file. */
bool load_conf(const struct options *, struct conf *, struct trouble *);

/* trial.c: another process of the program that will hold them reads the
 * secrets: are they what they should be? */
bool trial_secrets(const struct options *, const struct conf *,
    const struct secrets *, struct trouble *);
/* The same of the files that are read again when they change.  All that is
 * wrong goes to standard error, but the last. */
bool trial_files(const struct options *, const struct conf *,
    const struct watched *, struct trouble *);

/* daemon.c: ends posternd before it was ready, or tells that it is. */
_Noreturn void master_fail(struct master *, const struct trouble *);
void master_ready(struct master *);

#endif
