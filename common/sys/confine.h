/* SPDX-License-Identifier: ISC */
/* common/sys/confine.h - giving up root, a root folder and resources. */
#ifndef COMMON_SYS_CONFINE_H
#define COMMON_SYS_CONFINE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * As root: chroot to the folder, no supplementary groups, gid, uid, and proof
 * that none of it can be taken back.  Otherwise: only the working directory.
 * No capability is left, nor any way to one.
 * Ends the process when a step fails.  True: chrooted (the folder is now "/").
 */
bool confine_identity(const char *root, uid_t, gid_t);

/* No core files, not dumpable, no new processes (unless may_clone). */
void confine_resources(bool may_clone);

#endif
