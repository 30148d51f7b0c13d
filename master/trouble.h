/* SPDX-License-Identifier: ISC */
/* master/trouble.h - why posternd cannot start, or keeps what it has.
 *
 * A step that fails fills it in and returns false: at start the text goes to
 * the terminal and the code is the exit code, at a reload both go to the log.
 */
#ifndef MASTER_TROUBLE_H
#define MASTER_TROUBLE_H

#include <stdbool.h>

enum { TROUBLE_TEXT = 1024 };

struct trouble {
	int code; /* of sysexits(3) */
	char text[TROUBLE_TEXT];
};

/* Always false, so that it can stand behind return.  "%m" is understood. */
bool trouble_set(struct trouble *, int code, const char *, ...)
    __attribute__((__format__(printf, 3, 4)));
/* "posternd: TEXT" on standard error, then the end. */
_Noreturn void trouble_exit(const struct trouble *);

#endif
