/* SPDX-License-Identifier: ISC */
/* tests/lib/powercut.h - cuts the power of one file system.
 *
 * As a cut would, the shutdown drops whatever the file system has not yet
 * written; the log in memory is not flushed.  ext4 and XFS know the call.
 */
#ifndef TESTS_LIB_POWERCUT_H
#define TESTS_LIB_POWERCUT_H

/* A descriptor of the file system that holds path; ends the tool if it has no
 * such folder. */
int powercut_open(const char *path);

/* Cuts, and closes the descriptor: the dead file system can be unmounted. */
void powercut(int fd);

#endif
