/* SPDX-License-Identifier: ISC */
/* resolve/lookup_main.c - the process that knows what an address means here.
 *
 * Holds: the tables of recipients, senders and aliases, channels to smtpd and
 * queue.
 * Never holds: a path, a socket, a mail, a password.
 */
#include "resolve/lookup.h"
#include "resolve/tables.h"

static const struct process lookup = {
	.name = "postern-lookup",
	.kind = PEER_LOOKUP,
	.rights = RIGHT_CHANNEL | RIGHT_READ,
	.peers = lookup_peers,
	.npeers = LOOKUP_PEERS,
	.start = lookup_start,
	.file = tables_file,
};

int
main(int argc, char *argv[])
{
	return process_main(&lookup, argc, argv);
}
