/* SPDX-License-Identifier: ISC */
/* tools/logins.h - the file of logins, as `postern passwd` edits it.
 *
 * What is wrong is said on standard error; results are of sysexits(3).
 */
#ifndef TOOLS_LOGINS_H
#define TOOLS_LOGINS_H

#include "common/mail/passwords.h"

enum { LOGINS_PASSWORD = PASSWORDS_PASSWORD + 2 };

struct logins {
	char path[512];
	int fd;     /* locked while it is to be changed */
	char *text; /* as it was */
	size_t len;
	char *read; /* the same, as passwords_read() left it */
	struct passwords passwords;
};

/*
 * NULL: the file that the configuration names.  To be changed, it is made if
 * it is missing, and nobody else changes it meanwhile.
 */
int logins_open(struct logins *, const char *path, bool change);
void logins_close(struct logins *);
/* Another hash, a new login, or with NULL none any more: in one step, as
 * whole as before.  Other lines and comments stay. */
int logins_set(struct logins *, const char *name, const char *hash);

#endif
