/* SPDX-License-Identifier: ISC */
/* queue/explain_sound.h - may an answer to "what would become of it" say this?
 *
 * Who answers may be hostile: the order of its messages, how many there are
 * and every number in them is judged.  Pure.
 */
#ifndef QUEUE_EXPLAIN_SOUND_H
#define QUEUE_EXPLAIN_SOUND_H

#include "common/ipc/field.h"

struct explain_seen {
	bool connect;      /* it was to; set by who asked */
	bool way;          /* it was told */
	unsigned int rank; /* of the last one */
	unsigned int n;    /* of that type, in a row */
	unsigned int servers;
};

/* False: it breaks the rules; what follows is not to be asked about. */
bool explain_sound(
    struct explain_seen *, const struct ipc_type *, const void *msg);

#endif
