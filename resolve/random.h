/* SPDX-License-Identifier: ISC */
/* resolve/random.h - random bytes that a forger cannot guess.
 *
 * Drawn from arc4random_buf() many at a time: some systems make a system
 * call each time.  Not for a process that forks.
 */
#ifndef RESOLVE_RANDOM_H
#define RESOLVE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

enum { RANDOM_MOST = 256 }; /* bytes at once */

void random_bytes(void *, size_t);
uint16_t random_u16(void);

#endif
