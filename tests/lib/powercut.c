/* SPDX-License-Identifier: ISC */
/* tests/lib/powercut.c - the file-system shutdown call (Linux). */
#include "tests/lib/powercut.h"

#include "common/base/fatal.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { CUT_NO_LOG_FLUSH = 2 };
#define CUT_CALL _IOR('X', 125, uint32_t)

int
powercut_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		fatal("%s: %m", path);
	return fd;
}

void
powercut(int fd)
{
	uint32_t how = CUT_NO_LOG_FLUSH;

	if (ioctl(fd, CUT_CALL, &how) == -1)
		fatal("power cut: %m");
	close(fd);
}
