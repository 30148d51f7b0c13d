/* SPDX-License-Identifier: ISC */
/* queue/spool.c - the body files.
 *
 * Names come from numbers only; nothing that a stranger said is ever part of
 * a path.
 */
#include "queue/spool.h"

#include "common/base/fatal.h"
#include "common/base/id.h"
#include "common/base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { NAME_BYTES = 64, LOCK_TRIES = 600, LOCK_PAUSE_MS = 50 };

static struct {
	int shard_fd; /* of the shard last used, -1 none */
	uint32_t shard;
	int mess_fd;
	int lock_fd;
} spool = { .shard_fd = -1, .mess_fd = -1, .lock_fd = -1 };

uint32_t
spool_shard(uint64_t id)
{
	return (uint32_t)(id / SHARD_IDS);
}

static int
mess_fd(void)
{
	if (spool.mess_fd == -1)
		spool.mess_fd =
		    open("mess", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return spool.mess_fd;
}

/*
 * A shard must outlive a crash before anything in it is promised.  One that
 * was there already may be of a queue that died before it had synced it.
 */
static int
shard_open(const char *name)
{
	int fd, error;

	if (mkdirat(mess_fd(), name, 0700) == -1 && errno != EEXIST)
		return -1;
	fd = openat(mess_fd(), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fsync(mess_fd()) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int
spool_shard_fd(uint32_t shard)
{
	char name[NAME_BYTES];
	int fd;

	if (spool.shard_fd != -1 && spool.shard == shard)
		return spool.shard_fd;
	if (mess_fd() == -1)
		return -1;
	snprintf(name, sizeof(name), "%" PRIu32, shard);
	fd = shard_open(name);
	if (fd == -1)
		return -1;
	if (spool.shard_fd != -1)
		close(spool.shard_fd);
	spool.shard_fd = fd;
	spool.shard = shard;
	return fd;
}

bool
spool_create(uint64_t id, int *wfd, int *rfd)
{
	char name[ID_TEXT];
	int dir = spool_shard_fd(spool_shard(id));
	int error;

	if (dir == -1)
		return false;
	id_print(id, name);
	*wfd = openat(dir, name,
	    O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (*wfd == -1)
		return false;
	*rfd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (*rfd != -1)
		return true;
	error = errno;
	close(*wfd);
	unlinkat(dir, name, 0);
	errno = error;
	return false;
}

int
spool_open(uint32_t shard, uint64_t id)
{
	char path[NAME_BYTES], text[ID_TEXT];

	snprintf(
	    path, sizeof(path), "%" PRIu32 "/%s", shard, id_print(id, text));
	/* what somebody put in its place may be a pipe: not waited for */
	return openat(
	    mess_fd(), path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

bool
spool_body_size(uint32_t shard, uint64_t id, uint64_t *size)
{
	char path[NAME_BYTES], text[ID_TEXT];
	struct stat st;

	snprintf(
	    path, sizeof(path), "%" PRIu32 "/%s", shard, id_print(id, text));
	if (fstatat(mess_fd(), path, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode))
		return false;
	*size = (uint64_t)st.st_size;
	return true;
}

void
spool_remove(uint32_t shard, uint64_t id)
{
	char path[NAME_BYTES], text[ID_TEXT];

	snprintf(
	    path, sizeof(path), "%" PRIu32 "/%s", shard, id_print(id, text));
	unlinkat(mess_fd(), path, 0);
}

bool
spool_space(struct spool_room *s)
{
	struct statvfs v;

	if (fstatvfs(mess_fd(), &v) == -1)
		return false;
	s->bytes = (uint64_t)v.f_bavail * v.f_frsize;
	s->bytes_all = (uint64_t)v.f_blocks * v.f_frsize;
	/* file systems without a table of inodes say 0 of 0 */
	s->inodes = v.f_files == 0 ? UINT64_MAX : v.f_favail;
	s->inodes_all = v.f_files;
	return true;
}

static void
pause_ms(long ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

void
spool_lock(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open("lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd == -1)
		fatal_code(EX_CANTCREAT, "spool lock: %m");
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (fcntl(fd, F_SETLK, &lock) == 0) {
			spool.lock_fd = fd; /* held until we end */
			return;
		}
		if (errno != EAGAIN && errno != EACCES)
			fatal_code(EX_OSERR, "spool lock: %m");
		pause_ms(LOCK_PAUSE_MS);
	}
	if (fcntl(fd, F_GETLK, &lock) == -1)
		lock.l_pid = -1;
	fatal_code(
	    EX_TEMPFAIL, "the spool is in use by process %d", (int)lock.l_pid);
}

static void
key_make(void)
{
	uint8_t key[32];
	int fd = open("key.new",
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	arc4random_buf(key, sizeof(key));
	if (fd == -1 || dir == -1 ||
	    write(fd, key, sizeof(key)) != (ssize_t)sizeof(key) ||
	    fsync(fd) == -1 || rename("key.new", "key") == -1 ||
	    fsync(dir) == -1)
		fatal_code(EX_CANTCREAT, "spool key: %m");
	close(fd);
	close(dir);
}

void
spool_key(uint8_t key[32])
{
	int fd = open("key", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1 && errno == ENOENT) {
		key_make();
		fd = open("key", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	}
	if (fd == -1)
		fatal_code(EX_NOINPUT, "spool key: %m");
	if (read(fd, key, 32) != 32)
		fatal_code(EX_DATAERR, "spool key: damaged");
	close(fd);
}
