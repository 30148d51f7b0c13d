/* SPDX-License-Identifier: ISC */
/* common/sys/sandbox.h - rights as words; each system translates them once.
 *
 * The system calls of each right stand in one table (sandbox_linux.c).
 * Everything not granted ends the process (SIGSYS), after a log line that
 * names program and call.
 */
#ifndef COMMON_SYS_SANDBOX_H
#define COMMON_SYS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum right {
	RIGHT_CHANNEL = 1 << 0,    /* loop, memory, our own channels */
	RIGHT_ACCEPT = 1 << 1,     /* accept on sockets handed to us */
	RIGHT_CONNECT = 1 << 2,    /* open sockets to strangers */
	RIGHT_APPEND = 1 << 3,     /* write to descriptors handed to us */
	RIGHT_READ = 1 << 4,       /* pread from descriptors handed to us */
	RIGHT_SPOOL = 1 << 5,      /* files below our root: read and write */
	RIGHT_SPOOL_READ = 1 << 6, /* files below our root: read only */
	RIGHT_THREADS = 1 << 7,    /* clone for threads, until sandbox_seal() */
	RIGHT_SETFL = 1 << 8,      /* fcntl(F_SETFL); never smtpd */
	RIGHT_PAIR = 1 << 9,       /* pairs of sockets of our own */
	RIGHT_BIND = 1 << 10       /* choose an address to connect from */
};

struct sandbox {
	const char *name; /* of the program, for the log line */
	unsigned int rights;
	const char *root; /* folder for RIGHT_SPOOL*, "/" after chroot */
	/* of root, only these (the last NULL; some may be missing); NULL: all
	 */
	const char *const *folders;
	bool chrooted; /* Landlock may be missing then */
};

/*
 * Applies no_new_privs, Landlock and the system call filter.  False: below
 * the minimum, and *missing (static text) says what the system lacks.
 */
bool sandbox_enter(const struct sandbox *, const char **missing);
/* RIGHT_THREADS: all threads are made; forbids further ones in every thread */
void sandbox_seal(void);

#endif
