/* SPDX-License-Identifier: ISC */
/* common/base/id.h - message ids as people see them.
 *
 * A message id is 64 bits, never 0, larger for a later message, never used
 * twice (queue hands them out from a block reserved in its database).  It is
 * printed without leading zeros in 32 letters and digits that cannot be
 * mistaken for one another (Crockford's base 32: no I, L, O, U), lower case;
 * reading takes both cases and o, i, l for 0, 1, 1.
 */
#ifndef COMMON_BASE_ID_H
#define COMMON_BASE_ID_H

#include "common/base/view.h"

enum { ID_TEXT = 14 }; /* 13 digits and a NUL */

/* Fills out and returns it, so that it can stand in an argument list. */
const char *id_print(uint64_t, char out[ID_TEXT]);
/* False when the view is not exactly one id. */
bool id_parse(struct view, uint64_t *);

#endif
