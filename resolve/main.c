/* SPDX-License-Identifier: ISC */
/* resolve/main.c - the process that talks DNS; no other does.
 *
 * Holds: sockets to the configured resolvers, channels to deliver and smtpd.
 * Never holds: a file, a mail, a client's or a server's connection.
 */
#include "resolve/serve.h"

static const struct process resolve = {
	.name = "postern-resolve",
	.kind = PEER_RESOLVE,
	.rights = RIGHT_CHANNEL | RIGHT_CONNECT,
	.peers = serve_peers,
	.npeers = SERVE_PEERS,
	.start = serve_start,
};

int
main(int argc, char *argv[])
{
	return process_main(&resolve, argc, argv);
}
