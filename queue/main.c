/* SPDX-License-Identifier: ISC */
/* queue/main.c - the only writer of the spool and of queue.db.
 *
 * Holds: the spool, channels to smtpd, deliver, lookup, report and history.
 * Never holds: a network socket, a password, a key of anybody else.  It
 * interprets no header; a notification copies the header block unread.
 *
 * The only program with threads: the loop thread (this one), the store
 * thread, and threads that only fsync.
 */
#include "common/base/alloc.h"
#include "common/run/process.h"
#include "queue/dispatch.h"
#include "queue/events.h"
#include "queue/expand.h"
#include "queue/intake.h"
#include "queue/orders.h"
#include "queue/outcome.h"
#include "queue/start.h"
#include "queue/store.h"
#include "queue/window.h"

static void
start(void)
{
	store_prepare();
	window_init();
	outcome_init();
	store_start(process_base());
	if (process_boot()->confine != 0)
		sandbox_seal();
	intake_start();
	start_begin();
	start_check();
}

/* Results go with the messages of this turn, if there are any. */
static void
turn(void)
{
	if (store_has_commit())
		outcome_flush();
	events_turn();
	store_turn();
}

/* The running batch is finished, so that what it answers is known. */
static void
stop(void)
{
	outcome_flush_all();
	store_stop();
	process_exit();
}

int
main(int argc, char *argv[])
{
	const struct peer_def peers[] = { intake_peer, dispatch_peer,
		orders_peer, events_peer, expand_peer };
	const struct process queue = {
		.name = "postern-queue",
		.kind = PEER_QUEUE,
		.rights = RIGHT_CHANNEL | RIGHT_SPOOL | RIGHT_THREADS,
		.peers = peers,
		.npeers = nitems(peers),
		.start = start,
		.turn = turn,
		.stop = stop,
	};

	return process_main(&queue, argc, argv);
}
