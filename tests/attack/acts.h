/* SPDX-License-Identifier: ISC */
/* tests/attack/acts.h - what no confined process may be able to do. */
#ifndef TESTS_ATTACK_ACTS_H
#define TESTS_ATTACK_ACTS_H

/*
 * Tries every forbidden act, and on body (-1: none), a descriptor of a
 * message that was acknowledged, what could change it.  For each a line
 *
 *	attack program=NAME pid=N act=WORD result=done|ERRNO
 *
 * goes to standard error.  Where fork works, acts with consequences happen
 * in a child, so that the process is as before.
 */
void acts_try(const char *program, int body);

/* One call that nobody is granted. */
void acts_violate(void);

#endif
