/* SPDX-License-Identifier: ISC */
/* common/sys/shared.c - memory that several processes share.
 *
 * Whoever has the descriptor could map all of it for writing: a process maps
 * its part before it is confined, and closes it.
 */
#include "common/sys/shared.h"

#include "common/base/fatal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int
shared_make(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return -1;
	if (ftruncate(fd, (off_t)size) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ==
		0)
		return fd;
	close(fd);
	return -1;
}

const void *
shared_read(int fd, size_t size)
{
	struct stat st;
	void *p;

	/* beyond the end of the file is a bus error */
	if (fstat(fd, &st) == -1 || st.st_size != (off_t)size)
		fatal("shared memory is not of the right size");
	p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		fatal("mmap: %m");
	return p;
}

void *
shared_write(int fd, size_t offset, size_t size)
{
	void *p = mmap(
	    NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);

	if (p == MAP_FAILED)
		fatal("mmap: %m");
	return p;
}

void
shared_clear(int fd, size_t offset, size_t size)
{
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		(off_t)offset, (off_t)size) == -1)
		fatal("shared memory cannot be cleared: %m");
}
