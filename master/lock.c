/* SPDX-License-Identifier: ISC */
/* master/lock.c - one posternd for one runtime folder.
 *
 * The lock is the kernel's, on RUNTIME/posternd.pid: it ends with the process
 * however that ends, and what stands in the file is only for reading.
 */
#include "master/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

static bool
held(int fd, const char *path, struct trouble *t)
{
	char pid[32];
	ssize_t n = read(fd, pid, sizeof(pid) - 1);

	pid[n > 0 ? n : 0] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	close(fd);
	return trouble_set(
	    t, EX_TEMPFAIL, "already running: process %s holds %s", pid, path);
}

bool
lock_take(const struct conf *c, int *fd, struct trouble *t)
{
	char path[CONF_TEXT_MAX + 16];

	snprintf(
	    path, sizeof(path), "%s/posternd.pid", conf_text(c, KEY_RUNTIME));
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (*fd == -1)
		return trouble_set(t, EX_CANTCREAT, "%s: %m", path);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno == EWOULDBLOCK)
		return held(*fd, path, t);
	return trouble_set(t, EX_OSERR, "%s: %m", path);
}

bool
lock_free(const struct conf *c, struct trouble *t)
{
	char path[CONF_TEXT_MAX + 16];
	int fd;

	snprintf(
	    path, sizeof(path), "%s/posternd.pid", conf_text(c, KEY_RUNTIME));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return true;
	if (flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK)
		return held(fd, path, t);
	close(fd);
	return true;
}

void
lock_clear(int fd)
{
	(void)!ftruncate(fd, 0);
}

void
lock_write(int fd)
{
	if (ftruncate(fd, 0) == 0)
		dprintf(fd, "%ld\n", (long)getpid());
}
