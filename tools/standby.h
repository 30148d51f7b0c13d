/* SPDX-License-Identifier: ISC */
/* tools/standby.h - somebody who answers while posternd is down.
 *
 * Starts `posternd -a` (see there) on a folder of its own, for the life of
 * this process at most.  So the databases are read by postern-report, under
 * its account and confined, and never by a tool.
 */
#ifndef TOOLS_STANDBY_H
#define TOOLS_STANDBY_H

#include <stdbool.h>

/* Whom it is for: root, and whoever names a configuration (`postern -f`). */
void standby_allow(const char *conf); /* NULL: root's, where it usually is */
bool standby_allowed(void);
/*
 * The control socket of one that runs now, lent; NULL: it may not be, or did
 * not start, which was said on standard error.
 */
const char *standby_start(void);
void standby_stop(void);

#endif
