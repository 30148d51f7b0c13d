/* SPDX-License-Identifier: ISC */
/* smtpd/main.c - the process that talks SMTP with clients.
 *
 * Holds: client sockets until they begin TLS, then the clear text's,
 * descriptors to append bodies to, a channel to queue. Never holds: a path, a
 * socket of its own making, the spool, a key.
 */
#include "smtpd/driver.h"

int
main(int argc, char *argv[])
{
	const struct process smtpd = {
		.name = "postern-smtpd",
		.kind = PEER_SMTPD,
		.rights = RIGHT_CHANNEL | RIGHT_ACCEPT | RIGHT_APPEND,
		.peers = driver_peers,
		.npeers = DRIVER_PEERS,
		.prepare = driver_prepare,
		.start = driver_start,
		.turn = driver_turn,
		.stop = driver_stop,
	};

	return process_main(&smtpd, argc, argv);
}
