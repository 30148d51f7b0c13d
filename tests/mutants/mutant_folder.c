/* SPDX-License-Identifier: ISC */
/* tests/mutants/mutant_folder.c - a queue that never syncs a folder. */
#include <sys/stat.h>

int __real_fsync(int fd);
int __wrap_fsync(int fd);

int
__wrap_fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return __real_fsync(fd);
}
