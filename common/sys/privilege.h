/* SPDX-License-Identifier: ISC */
/* common/sys/privilege.h - the rights that posternd keeps. */
#ifndef COMMON_SYS_PRIVILEGE_H
#define COMMON_SYS_PRIVILEGE_H

#include <stddef.h>

/*
 * As root: keeps only what it takes to open ports, to make folders and to let
 * children confine themselves; what is dropped is out of reach of the children
 * too.  For everybody: no program started from here gains rights by setuid.
 * Ends the process when the system refuses.
 */
void privilege_reduce(void);
/* Makes room for that many open files in children, as far as allowed. */
void privilege_raise_files(size_t);

#endif
