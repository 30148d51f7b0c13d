/* SPDX-License-Identifier: ISC */
/* queue/report_views.h - the stable views of postern-spool(5), and no way
 * around them.
 *
 * What is prepared on the connection reads the views message, recipient,
 * destination and event, calls functions that are known to be harmless, and
 * does nothing else: the rest SQLite refuses while it compiles the statement.
 */
#ifndef QUEUE_REPORT_VIEWS_H
#define QUEUE_REPORT_VIEWS_H

#include "queue/report_db.h"

enum { VIEWS_SECRET = 40 };

struct views {
	struct report_db db;       /* with the reason, when it failed */
	char secret[VIEWS_SECRET]; /* how databases and inner views begin */
	struct buf tables;         /* " NAME NAME ": not to be read */
	int64_t until;             /* monotonic, ms: compiled by then */
};

/* False: db.code and db.error say why.  To be closed in any case. */
bool views_open(struct views *, int64_t until);
void views_close(struct views *);

#endif
