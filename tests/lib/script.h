/* SPDX-License-Identifier: ISC */
/* tests/lib/script.h - frames that a hostile worker of postern-deliver writes
 * when queue asks it something.
 *
 * A line of the script is
 *
 *	ON COUNT SHIFT FLAGS TYPE HEX
 *
 * At ON ("start": queue is there; "job", "probe": it gave one) a frame of
 * TYPE with the bytes HEX ("-": none) goes COUNT times to queue, in a
 * conversation whose number is SHIFT more than that of the question.  TYPE 0:
 * the worker ends there.
 */
#ifndef TESTS_LIB_SCRIPT_H
#define TESTS_LIB_SCRIPT_H

#include "common/ipc/channel.h"

#include <stdio.h>

enum { SCRIPT_RULES = 4 };
extern const struct channel_rule script_rules[SCRIPT_RULES]; /* from queue */

void script_read(FILE *);

#endif
