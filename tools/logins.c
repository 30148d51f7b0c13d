/* SPDX-License-Identifier: ISC */
/* tools/logins.c - the file of logins, as `postern passwd` edits it. */
#include "tools/logins.h"

#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { CONF_MAX = 16 << 20 };

static int
fail(const char *path, int code)
{
	fprintf(stderr, "postern passwd: %s: %s\n", path, strerror(errno));
	return code;
}

/* All of it, with a NUL behind; NULL: errno. */
static char *
read_all(int fd, size_t max, size_t *len)
{
	struct stat st;
	char *text;
	ssize_t n = 0;

	if (fstat(fd, &st) == -1)
		return NULL;
	if ((size_t)st.st_size > max) {
		errno = EFBIG;
		return NULL;
	}
	text = mem_zero((size_t)st.st_size + 1, 1);
	*len = 0;
	while (*len < (size_t)st.st_size &&
	       (n = pread(fd, text + *len, (size_t)st.st_size - *len,
		    (off_t)*len)) > 0)
		*len += (size_t)n;
	if (n >= 0)
		return text;
	mem_free(text);
	return NULL;
}

/* What the configuration says, as far as it can be read. */
static void
usual_path(char out[512])
{
	int fd = open(POSTERN_CONF, O_RDONLY | O_CLOEXEC);
	struct conf_error error;
	struct conf c;
	char *text;
	size_t len;

	view_copy(view_of(POSTERN_PASSWORDS), out, 512);
	if (fd == -1)
		return;
	text = read_all(fd, CONF_MAX, &len);
	close(fd);
	if (text == NULL)
		return;
	conf_init(&c);
	if (conf_parse(&c, view_make(text, len), &error))
		view_copy(view_of(conf_text(&c, KEY_PASSWORDS)), out, 512);
	conf_clear(&c);
	mem_free(text);
}

/*
 * The lock is on the file itself, which another one of us may replace while we
 * wait: then it is that of a file that is no more.
 */
static bool
open_locked(struct logins *l)
{
	struct stat mine, there;

	for (;;) {
		l->fd = open(
		    l->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (l->fd == -1 || flock(l->fd, LOCK_EX) == -1 ||
		    fstat(l->fd, &mine) == -1)
			return false;
		if (stat(l->path, &there) == 0 && mine.st_ino == there.st_ino &&
		    mine.st_dev == there.st_dev)
			return true;
		close(l->fd);
	}
}

int
logins_open(struct logins *l, const char *path, bool change)
{
	char error[PASSWORDS_ERROR];
	unsigned int line;
	bool opened;

	memset(l, 0, sizeof(*l));
	if (path == NULL)
		usual_path(l->path);
	else if (!view_copy(view_of(path), l->path, sizeof(l->path))) {
		errno = ENAMETOOLONG;
		return fail(path, EX_USAGE);
	}
	if (change)
		opened = open_locked(l);
	else
		opened = (l->fd = open(l->path, O_RDONLY | O_CLOEXEC)) != -1;
	if (!opened)
		return fail(l->path, errno == ENOENT ? EX_NOINPUT : EX_NOPERM);
	l->text = read_all(l->fd, PASSWORDS_MAX, &l->len);
	if (l->text == NULL)
		return fail(l->path, EX_IOERR);
	l->read = mem_zero(l->len + 1, 1);
	memcpy(l->read, l->text, l->len);
	if (passwords_read(&l->passwords, l->read, l->len, &line, error))
		return EX_OK;
	fprintf(stderr, "postern passwd: %s:%u: %s\n", l->path, line, error);
	logins_close(l);
	return EX_DATAERR;
}

void
logins_close(struct logins *l)
{
	passwords_clear(&l->passwords);
	mem_free(l->text);
	mem_free(l->read);
	if (l->fd != -1)
		close(l->fd);
	l->text = l->read = NULL;
	l->fd = -1;
}

static void
add_line(struct buf *out, const char *name, const char *hash)
{
	if (hash != NULL)
		buf_printf(out, "%s:%s\n", name, hash);
}

static void
edit(
    const struct logins *l, const char *name, const char *hash, struct buf *out)
{
	struct view rest = view_make(l->text, l->len);
	bool found = false;

	while (rest.len > 0) {
		size_t n = view_find(rest, '\n');
		struct view line = view_make(rest.data, n);

		rest = view_skip(rest, n < rest.len ? n + 1 : n);
		if (view_is(view_make(line.data, view_find(line, ':')), name)) {
			add_line(out, name, hash);
			found = true;
			continue;
		}
		buf_add(out, line);
		buf_add_string(out, "\n");
	}
	if (!found)
		add_line(out, name, hash);
}

static bool
sync_folder(const char *path)
{
	char copy[512];
	int fd;
	bool fine;

	view_copy(view_of(path), copy, sizeof(copy));
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fine = fd != -1 && fsync(fd) == 0;
	if (fd != -1)
		close(fd);
	return fine;
}

static bool
write_all(int fd, struct view v)
{
	while (v.len > 0) {
		ssize_t n = write(fd, v.data, v.len);

		if (n == -1 && errno != EINTR)
			return false;
		v = view_skip(v, n == -1 ? 0 : (size_t)n);
	}
	return true;
}

/* A new file of the owner and mode of the old one, in its place. */
static bool
replace(const struct logins *l, struct view text)
{
	char new[sizeof(l->path) + 32];
	struct stat st;
	bool fine;
	int fd;

	snprintf(new, sizeof(new), "%s.new.%ld", l->path, (long)getpid());
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return false;
	fine = fstat(l->fd, &st) == 0 &&
	       (fchown(fd, st.st_uid, st.st_gid) == 0 || geteuid() != 0) &&
	       write_all(fd, text) && fsync(fd) == 0;
	if (close(fd) == -1 || !fine || rename(new, l->path) == -1) {
		int error = errno;

		unlink(new);
		errno = error;
		return false;
	}
	return sync_folder(l->path);
}

int
logins_set(struct logins *l, const char *name, const char *hash)
{
	struct buf out;
	bool fine;

	buf_init(&out, PASSWORDS_MAX);
	edit(l, name, hash, &out);
	fine = buf_ok(&out);
	if (!fine)
		errno = EFBIG;
	fine = fine && replace(l, buf_view(&out));
	if (!fine)
		fail(l->path, EX_CANTCREAT);
	explicit_bzero(out.data, out.len);
	buf_free(&out);
	return fine ? EX_OK : EX_CANTCREAT;
}
