/* SPDX-License-Identifier: ISC */
/* tls/main.c - the process that speaks TLS, for smtpd or for deliver.
 *
 * Holds: connections that smtpd or deliver has given away, one end each of the
 * pairs of sockets that carry their clear text, and for smtpd the private keys.
 * Never holds: a path, a connection of its own making, the spool, a password.
 */
#include "tls/gate.h"

int
main(int argc, char *argv[])
{
	const struct process tls = {
		.name = "postern-tls",
		.kind = PEER_TLS,
		.rights = RIGHT_CHANNEL | RIGHT_READ | RIGHT_PAIR,
		.peers = gate_peers,
		.npeers = GATE_PEERS,
		.secret = gate_secret,
		.secrets_end = gate_secrets_end,
		.prepare = gate_prepare,
		.start = gate_start,
		.turn = gate_turn,
		.stop = gate_stop,
	};

	return process_main(&tls, argc, argv);
}
