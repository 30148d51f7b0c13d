/* SPDX-License-Identifier: ISC */
/* common/sys/privilege.h - what posternd keeps, what children lose. */
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
/* A child, as root: no capability can come back by any way. */
void privilege_drop_bounds(void);
/* A child, when it is who it shall be: no capability is left. */
void privilege_drop_held(void);
/* Makes room for that many open files in children, as far as allowed. */
void privilege_raise_files(size_t);

#endif
