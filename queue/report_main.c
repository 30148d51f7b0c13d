/* SPDX-License-Identifier: ISC */
/* queue/report_main.c - the process that answers the operator's tools.
 *
 * Holds: the control socket, read-only connections to queue.db and history.db,
 * a channel to queue for orders, channels to readers.  Never holds: a body, a
 * key, a descriptor that can change the spool.
 */
#include "common/run/process.h"
#include "queue/report.h"
#include "queue/report_order.h"
#include "queue/report_reader.h"

static const char *const folders[] = { "queue", "history", NULL };

static struct process report = {
	.name = "postern-report",
	.kind = PEER_REPORT,
	.rights = RIGHT_CHANNEL | RIGHT_ACCEPT | RIGHT_SPOOL_READ,
	.folders = folders,
	.npeers = 2,
	.start = report_start,
};

int
main(int argc, char *argv[])
{
	const struct peer_def peers[] = { report_queue_peer,
		report_reader_peer };

	report.peers = peers;
	return process_main(&report, argc, argv);
}
