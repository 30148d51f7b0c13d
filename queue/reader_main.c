/* SPDX-License-Identifier: ISC */
/* queue/reader_main.c - the process that answers questions in SQL.
 *
 * Holds: read-only connections to queue.db and history.db while it answers, a
 * channel to postern-report.  Never holds: a socket that strangers reach, a
 * body, a key, a way to give an order.
 */
#include "common/run/process.h"
#include "queue/reader.h"

static const char *const folders[] = { "queue", "history", NULL };

static const struct process reader = {
	.name = "postern-reader",
	.kind = PEER_READER,
	.rights = RIGHT_CHANNEL | RIGHT_SPOOL_READ,
	.folders = folders,
	.peers = &reader_report_peer,
	.npeers = 1,
	.start = reader_start,
};

int
main(int argc, char *argv[])
{
	return process_main(&reader, argc, argv);
}
