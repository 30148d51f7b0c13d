/* SPDX-License-Identifier: ISC */
/* master/daemon.h - into the background, with an exit code that tells.
 *
 * The process that was called waits until the children of the one in the
 * background are ready, and exits with 0 then, or with what went wrong.
 */
#ifndef MASTER_DAEMON_H
#define MASTER_DAEMON_H

/* Returns in the background; the end of a pipe to whom waits. */
int daemon_begin(void);
/* Tells the waiting process its exit code; closes the pipe. */
void daemon_tell(int fd, int code);
/* Standard input, output and error become /dev/null. */
void daemon_detach(void);

#endif
