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
/* Another socket than the usual one tells nothing of which spool is meant. */
bool standby_allowed(bool usual);
/*
 * A connection to one that runs now, made by dial (-1: not yet); -1: it may
 * not be, or did not start, which was said on standard error.
 */
int standby_start(int (*dial)(const char *path));
/* What sysexits(3) it ended with before it answered, having said why; 0:
 * it did not. */
int standby_status(void);
void standby_stop(void);

#endif
