/* SPDX-License-Identifier: ISC */
/* queue/sound.h - can this be a message of ours? (pure)
 *
 * What queue.db gives back is judged before anything is done with it: a disk
 * may have altered it, or a hand.  What is not sound is set aside, with the
 * reason, and nothing else is touched.
 */
#ifndef QUEUE_SOUND_H
#define QUEUE_SOUND_H

#include "queue/message.h"

/* NULL, or what cannot be, in words that fit behind "quarantined: ". */
const char *sound_message(const struct message *);
/* Its message too. */
const char *sound_group(const struct group *);

#endif
