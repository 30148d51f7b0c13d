/* SPDX-License-Identifier: ISC */
/* common/sys/hash.h - hashes of passwords, by crypt(3).
 *
 * A check takes as long as the hash wants: 10 to 100 ms and more, and
 * megabytes of memory.
 */
#ifndef COMMON_SYS_HASH_H
#define COMMON_SYS_HASH_H

#include <stdbool.h>
#include <stddef.h>

enum { HASH_TEXT = 256 };

/* Is it the password's?  Takes as long whether it is or not. */
bool hash_matches(const char *hash, const char *password);
/* A new one, yescrypt, with a salt from the system; false: errno. */
bool hash_make(const char *password, char out[HASH_TEXT]);

#endif
