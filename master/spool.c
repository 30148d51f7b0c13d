/* SPDX-License-Identifier: ISC */
/* master/spool.c - the folders of the spool and of the sockets. */
#include "master/spool.h"

#include "common/base/fatal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

enum { MODE_BITS = 07777 };

struct folder {
	char path[FOLDER_PATH];
	uid_t uid;
	gid_t gid;
	mode_t mode;
	bool writable; /* something must be made in it */
	bool durable;  /* what it holds may be promised */
};

/* Its name must outlive a crash before anything in it is promised. */
static bool
folder_keep(const struct folder *f)
{
	char above[FOLDER_PATH + 4];
	int fd, error;

	snprintf(above, sizeof(above), "%s/..", f->path);
	fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return false;
	error = fsync(fd) == 0 ? 0 : errno;
	close(fd);
	errno = error;
	return error == 0;
}

static bool
folder_make(const struct folder *f, struct trouble *t)
{
	if (mkdir(f->path, 0700) == -1)
		return trouble_set(t,
		    errno == EACCES || errno == EPERM ? EX_NOPERM
						      : EX_CANTCREAT,
		    errno == ENOENT ? "%s cannot be made: the folder above it "
				      "does not exist"
				    : "%s cannot be made: %m",
		    f->path);
	if (chown(f->path, f->uid, f->gid) == -1 ||
	    chmod(f->path, f->mode) == -1 || (f->durable && !folder_keep(f)))
		return trouble_set(t, EX_CANTCREAT, "%s: %m", f->path);
	return true;
}

static bool
folder_check(
    const struct folder *f, const struct stat *st, bool root, struct trouble *t)
{
	struct statvfs fs;

	if (!S_ISDIR(st->st_mode))
		return trouble_set(
		    t, EX_CANTCREAT, "%s is not a folder", f->path);
	if (st->st_uid != f->uid || (root && st->st_gid != f->gid))
		return trouble_set(t, EX_NOPERM,
		    "%s belongs to uid %u, gid %u; it must be uid %u, gid %u",
		    f->path, (unsigned int)st->st_uid, (unsigned int)st->st_gid,
		    (unsigned int)f->uid, (unsigned int)f->gid);
	if (root && (st->st_mode & MODE_BITS) != f->mode)
		return trouble_set(t, EX_NOPERM,
		    "%s has mode %04o; it must be %04o", f->path,
		    (unsigned int)(st->st_mode & MODE_BITS),
		    (unsigned int)f->mode);
	if (f->writable && statvfs(f->path, &fs) == 0 &&
	    (fs.f_flag & ST_RDONLY) != 0)
		return trouble_set(t, EX_CANTCREAT,
		    "%s is on a read-only file system", f->path);
	if (f->writable && access(f->path, W_OK | X_OK) == -1)
		return trouble_set(
		    t, EX_NOPERM, "%s cannot be written to: %m", f->path);
	return true;
}

static bool
folder_prepare(const struct folder *f, bool root, struct trouble *t)
{
	struct stat st;

	if (lstat(f->path, &st) == 0)
		return folder_check(f, &st, root, t);
	if (errno == ENOENT)
		return folder_make(f, t);
	return trouble_set(
	    t, errno == EACCES ? EX_NOPERM : EX_CANTCREAT, "%s: %m", f->path);
}

static const struct account *
account_of_kind(const struct accounts *a, enum peer_kind kind)
{
	for (size_t i = 0; i < nprograms; i++)
		if (programs[i].kind == kind)
			return &a->of[i];
	panic("no program of kind %u", (unsigned int)kind);
}

static void
folder_name(struct folder *f, const char *base, const char *below)
{
	if (snprintf(f->path, sizeof(f->path), "%s%s", base, below) >=
	    (int)sizeof(f->path))
		panic("path too long"); /* keys.c limits it */
}

static bool
prepare_runtime(
    const struct conf *c, const struct accounts *a, struct trouble *t)
{
	const char *runtime = conf_text(c, KEY_RUNTIME);
	struct folder f = { .uid = geteuid(),
		.gid = getegid(),
		.mode = 0755,
		.writable = true };

	folder_name(&f, runtime, "");
	if (!folder_prepare(&f, a->root, t))
		return false;
	folder_name(&f, runtime, "/empty");
	f.mode = 0555;
	f.writable = false;
	return folder_prepare(&f, a->root, t);
}

bool
spool_prepare(const struct conf *c, const struct accounts *a, struct trouble *t)
{
	const char *spool = conf_text(c, KEY_SPOOL);
	struct folder f = { .uid = geteuid(),
		.gid = getegid(),
		.mode = 0755,
		.writable = true,
		.durable = true };

	folder_name(&f, spool, "");
	if (!folder_prepare(&f, a->root, t))
		return false;
	/*
	 * The set-group-id bit gives the database's files the group of
	 * postern-report, which reads them; mess/ is closed to it.
	 */
	folder_name(&f, spool, "/queue");
	f.uid = account_of_kind(a, PEER_QUEUE)->uid;
	f.gid = account_of_kind(a, PEER_REPORT)->gid;
	f.mode = 02750;
	if (!folder_prepare(&f, a->root, t))
		return false;
	folder_name(&f, spool, "/queue/mess");
	f.gid = account_of_kind(a, PEER_QUEUE)->gid;
	f.mode = 0700;
	if (!folder_prepare(&f, a->root, t))
		return false;
	/* likewise, what postern-history writes */
	folder_name(&f, spool, "/history");
	f.uid = account_of_kind(a, PEER_HISTORY)->uid;
	f.gid = account_of_kind(a, PEER_REPORT)->gid;
	f.mode = 02750;
	return folder_prepare(&f, a->root, t) && prepare_runtime(c, a, t);
}

void
spool_root(const struct conf *c, enum child_root root, char out[FOLDER_PATH])
{
	switch (root) {
	case ROOT_EMPTY:
		snprintf(
		    out, FOLDER_PATH, "%s/empty", conf_text(c, KEY_RUNTIME));
		return;
	case ROOT_SPOOL:
		snprintf(out, FOLDER_PATH, "%s", conf_text(c, KEY_SPOOL));
		return;
	case ROOT_QUEUE:
		snprintf(out, FOLDER_PATH, "%s/queue", conf_text(c, KEY_SPOOL));
		return;
	case ROOT_HISTORY:
		snprintf(
		    out, FOLDER_PATH, "%s/history", conf_text(c, KEY_SPOOL));
		return;
	}
}
