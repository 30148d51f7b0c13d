/* SPDX-License-Identifier: ISC */
/* smtpd/auth_main.c - the process that says yes or no to a password.
 *
 * Holds: the file of logins, and each password for as long as it is looked at.
 * Never holds: a socket, a path, mail.
 */
#include "smtpd/auth_desk.h"

int
main(int argc, char *argv[])
{
	const struct process auth = {
		.name = "postern-auth",
		.kind = PEER_AUTH,
		.rights = RIGHT_CHANNEL | RIGHT_READ,
		.peers = &desk_smtpd,
		.npeers = 1,
		.start = desk_start,
		.turn = desk_turn,
		.file = desk_file,
	};

	return process_main(&auth, argc, argv);
}
