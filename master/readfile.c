/* SPDX-License-Identifier: ISC */
/* master/readfile.c - a small file as a whole. */
#include "master/readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 4096 };

static bool
read_all(int fd, struct buf *out)
{
	char piece[PIECE];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return false;
		buf_add(out, view_make(piece, (size_t)n));
		if (!buf_ok(out)) {
			errno = EFBIG;
			return false;
		}
	}
	return true;
}

bool
readfile(const char *path, struct buf *out)
{
	/* a FIFO in the place of the file must not stop us */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error;
	bool fine;

	if (fd == -1)
		return false;
	fine = read_all(fd, out);
	error = errno;
	close(fd);
	errno = error;
	return fine;
}
