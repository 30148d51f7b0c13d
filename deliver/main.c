/* SPDX-License-Identifier: ISC */
/* deliver/main.c - the process that talks SMTP and LMTP to servers.
 *
 * Holds: its connections (those to UNIX sockets made by posternd), the bodies
 * that it is delivering (read-only), channels to queue and resolve; one of
 * class login: the password of its route. Never holds: a file of its own, the
 * spool, a key, a DNS socket.
 */
#include "common/run/process.h"
#include "deliver/driver.h"
#include "deliver/identity.h"

static const struct process deliver = {
	.name = "postern-deliver",
	.kind = PEER_DELIVER,
	.rights = RIGHT_CHANNEL | RIGHT_CONNECT | RIGHT_BIND | RIGHT_READ,
	.peers = driver_peers,
	.npeers = DRIVER_PEERS,
	.prepare = driver_prepare,
	.start = driver_start,
	.turn = driver_turn,
	.stop = driver_stop,
	.file = identity_file,
	.hop = driver_hop,
};

int
main(int argc, char *argv[])
{
	return process_main(&deliver, argc, argv);
}
