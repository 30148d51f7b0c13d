/* SPDX-License-Identifier: ISC */
/* master/spool.h - the folders of the spool and of the sockets.
 *
 * Made where missing, checked where they are there: a folder with another
 * owner or mode is never repaired, it is refused and named.
 */
#ifndef MASTER_SPOOL_H
#define MASTER_SPOOL_H

#include "master/accounts.h"

enum { FOLDER_PATH = 600 };

bool spool_prepare(
    const struct conf *, const struct accounts *, struct trouble *);
/* The folder that a program has as its root, into out. */
void spool_root(const struct conf *, enum child_root, char out[FOLDER_PATH]);

#endif
