/* SPDX-License-Identifier: ISC */
/* queue/report_main.c - the process that answers the operator's tools.
 *
 * Holds: the control socket, read-only connections to queue.db and history.db,
 * a channel to queue for orders. Never holds: a body, a key, a descriptor that
 * can change the spool.
 */
#include "common/run/process.h"
#include "queue/report.h"
#include "queue/report_order.h"

static const char *const folders[] = { "queue", "history", NULL };

static const struct process report = {
	.name = "postern-report",
	.kind = PEER_REPORT,
	.rights = RIGHT_CHANNEL | RIGHT_ACCEPT | RIGHT_SPOOL_READ,
	.folders = folders,
	.peers = &report_queue_peer,
	.npeers = 1,
	.start = report_start,
};

int
main(int argc, char *argv[])
{
	return process_main(&report, argc, argv);
}
