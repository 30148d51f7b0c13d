/* SPDX-License-Identifier: ISC */
/* queue/history_main.c - the process that writes down what happened.
 *
 * Holds: history.db, a channel from queue.
 * Never holds: a body, the queue, a socket.  Nothing waits for it.
 */
#include "common/run/process.h"
#include "queue/history.h"

static const struct process history = {
	.name = "postern-history",
	.kind = PEER_HISTORY,
	.rights = RIGHT_CHANNEL | RIGHT_SPOOL,
	.peers = &history_queue_peer,
	.npeers = 1,
	.start = history_start,
	.stop = history_stop,
};

int
main(int argc, char *argv[])
{
	return process_main(&history, argc, argv);
}
