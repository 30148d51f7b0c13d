/* SPDX-License-Identifier: ISC */
/* master/children.h - the table of processes, and who talks to whom. */
#ifndef MASTER_CHILDREN_H
#define MASTER_CHILDREN_H

#include "common/conf/conf.h"
#include "common/ipc/msg_control.h"

enum child_root {
	ROOT_EMPTY,  /* RUNTIME/empty */
	ROOT_SPOOL,  /* SPOOL */
	ROOT_QUEUE,  /* SPOOL/queue */
	ROOT_HISTORY /* SPOOL/history */
};

enum child_sockets {
	SOCKETS_NONE,
	SOCKETS_TCP,   /* servers and strangers */
	SOCKETS_LOGIN, /* people who log in */
	SOCKETS_SUBMIT,
	SOCKETS_CONTROL
};

/* The order of stopping: new work ends first, the spool last. */
enum { STOP_FIRST = 1, STOP_SECOND, STOP_LAST = 3 };

struct program {
	const char *file;    /* in the folder of programs */
	const char *account; /* when root */
	enum peer_kind kind;
	enum peer_class class_; /* 0: there is but one */
	const char *label;      /* of its children in the log */
	enum child_root root;
	enum child_sockets sockets;
	unsigned int stop;                    /* STOP_* */
	size_t (*files)(const struct conf *); /* open files it may need */
	size_t (*count)(const struct conf *); /* how many; 0: not needed */
};

/* In the order in which they are started. */
extern const struct program programs[];
extern const size_t nprograms;

/* Do these two have a channel between them? */
bool programs_are_wired(const struct program *, const struct program *);

#endif
