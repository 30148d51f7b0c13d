/* SPDX-License-Identifier: ISC */
/* tests/lib/script.h - frames that a hostile process writes to one of its
 * peers: a worker of postern-deliver to queue, postern-resolve to smtpd, a
 * worker of postern-smtpd to resolve.
 *
 * A line of the script is
 *
 *	ON COUNT SHIFT FLAGS TYPE HEX
 *
 * At ON ("attach": the peer is there, and no conversation; "start": queue has
 * asked what it holds; "job", "probe": queue gave it one; "name": smtpd asked
 * for one) a frame of TYPE with the bytes HEX ("-": none) goes COUNT times to
 * the peer, in a conversation whose number is SHIFT more than that of the
 * question; with 256 more in FLAGS each in the next one.  TYPE 0: the process
 * ends there.
 */
#ifndef TESTS_LIB_SCRIPT_H
#define TESTS_LIB_SCRIPT_H

#include "common/run/process.h"

#include <stdio.h>

/* What is played from whom to whom. */
struct script_part {
	enum peer_kind self, peer;
	const struct channel_rule *rules; /* what it hears of the peer */
	size_t nrules;
};

/* NULL: this one keeps the rules with that peer. */
const struct script_part *script_part(enum peer_kind self, enum peer_kind peer);
void script_attached(struct channel *);
void script_read(FILE *);

#endif
