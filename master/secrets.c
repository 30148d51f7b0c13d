/* SPDX-License-Identifier: ISC */
/* master/secrets.c - files with secrets: opened here, read elsewhere.
 *
 * Whoever can change a folder or a link on the way to a key can put another
 * key there, or have us open what is not his: so each step of a path is looked
 * at, from the root on, and only then the next is taken.
 */
#include "master/secrets.h"

#include "common/base/buf.h"
#include "common/ipc/msg_control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	LINKS_MAX = 16,
	PATH_ROOM = 4096,
	OTHERS_WRITE = S_IWGRP | S_IWOTH,
	OTHERS_ALL = S_IRWXG | S_IRWXO
};

/* A walk down a path; at is the folder that was reached. */
struct walk {
	int at;
	unsigned int links;
	char rest[PATH_ROOM]; /* what is still to go */
	const char *why;
};

static bool
wrong(struct walk *w, const char *why)
{
	w->why = why;
	return false;
}

static bool
is_ours(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

/* In a folder with the sticky bit nobody renames what is another's. */
static bool
folder_fine(struct walk *w, const struct stat *st)
{
	if (!is_ours(st))
		return wrong(w, "a folder on the way belongs to somebody else");
	if ((st->st_mode & OTHERS_WRITE) != 0 && (st->st_mode & S_ISVTX) == 0)
		return wrong(w, "others may write to a folder on the way");
	return true;
}

static bool
to_root(struct walk *w)
{
	struct stat st;

	if (w->at != -1)
		close(w->at);
	w->at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w->at == -1 || fstat(w->at, &st) == -1)
		return wrong(w, "%m");
	return folder_fine(w, &st);
}

/* The first name of what is left to go; what is behind it stays. */
static bool
next_name(struct walk *w, char name[PATH_ROOM])
{
	size_t skip = strspn(w->rest, "/");
	size_t len = strcspn(w->rest + skip, "/");
	size_t end = skip + len;

	memcpy(name, w->rest + skip, len);
	name[len] = '\0';
	memmove(w->rest, w->rest + end, strlen(w->rest + end) + 1);
	return len > 0;
}

/* What a link says stands in its place. */
static bool
follow(struct walk *w, int link)
{
	char target[PATH_ROOM], rest[PATH_ROOM];
	ssize_t n = readlinkat(link, "", target, sizeof(target) - 1);

	if (n == -1)
		return wrong(w, "%m");
	target[n] = '\0';
	if (++w->links > LINKS_MAX)
		return wrong(w, "too many links on the way");
	memcpy(rest, w->rest, sizeof(rest));
	if (strlcpy(w->rest, target, PATH_ROOM) >= PATH_ROOM ||
	    strlcat(w->rest, "/", PATH_ROOM) >= PATH_ROOM ||
	    strlcat(w->rest, rest, PATH_ROOM) >= PATH_ROOM)
		return wrong(w, "its path is too long");
	return target[0] != '/' || to_root(w);
}

/* One step: a folder is entered, a link followed; *found: a file is there. */
static bool
step(struct walk *w, const char *name, bool *found)
{
	int fd = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool fine;

	if (fd == -1 || fstat(fd, &st) == -1)
		return wrong(w, "%m");
	if (S_ISDIR(st.st_mode)) {
		close(w->at);
		w->at = fd;
		return folder_fine(w, &st);
	}
	if (!is_ours(&st))
		fine = wrong(w, "it belongs to somebody else");
	else if (S_ISLNK(st.st_mode))
		fine = follow(w, fd);
	else
		fine = S_ISREG(st.st_mode) || wrong(w, "it is not a file");
	*found = fine && S_ISREG(st.st_mode);
	close(fd);
	return fine;
}

static int
open_file(struct walk *w, const char *name, bool private)
{
	int fd = openat(w->at, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		wrong(w, "%m");
	else if (!S_ISREG(st.st_mode) || !is_ours(&st))
		wrong(w, "it has changed meanwhile");
	else if ((st.st_mode & OTHERS_WRITE) != 0)
		wrong(w, "others may write to it: chmod go-w");
	else if (private && (st.st_mode & OTHERS_ALL) != 0)
		wrong(w, "others may read it: chmod 0600");
	else
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

int
secret_open(const char *path, bool private, const char **why)
{
	struct walk w = { .at = -1, .why = "it is a folder" };
	char name[PATH_ROOM];
	bool found = false;
	int fd = -1, error;

	if (strlcpy(w.rest, path, sizeof(w.rest)) >= sizeof(w.rest)) {
		*why = "its path is too long";
		return -1;
	}
	if (to_root(&w))
		while (!found && next_name(&w, name) && step(&w, name, &found))
			continue;
	if (found && strspn(w.rest, "/") == strlen(w.rest))
		fd = open_file(&w, name, private);
	error = errno;
	if (w.at != -1)
		close(w.at);
	errno = error;
	*why = w.why;
	return fd;
}

/* False, and *t names file, line and path. */
static bool
open_one(int *fd, const char *path, bool private, struct trouble *t)
{
	const char *why;

	*fd = secret_open(path, private, &why);
	if (*fd != -1)
		return true;
	if (strcmp(why, "%m") == 0)
		return trouble_set(t, errno == ENOENT ? EX_NOINPUT : EX_NOPERM,
		    "%s: %m", path);
	return trouble_set(t, EX_NOPERM, "%s: %s", path, why);
}

static void
name_line(struct trouble *t, const char *file, unsigned int line)
{
	struct trouble inner = *t;

	trouble_set(t, inner.code, "%s:%u: %s", file, line, inner.text);
}

bool
secrets_open(struct secrets *s, const struct conf *c, const char *file,
    struct trouble *t)
{
	s->n = 0;
	for (size_t i = 0; i < c->ncertificates; i++) {
		const struct conf_certificate *cert = &c->certificates[i];
		int certificate, key;

		if (!open_one(&certificate, cert->certificate, false, t)) {
			name_line(t, file, cert->line);
			secrets_close(s);
			return false;
		}
		if (!open_one(&key, cert->key, true, t)) {
			close(certificate);
			name_line(t, file, cert->line);
			secrets_close(s);
			return false;
		}
		s->of[s->n].certificate = certificate;
		s->of[s->n].key = key;
		s->n++;
	}
	return true;
}

void
secrets_close(struct secrets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		close(s->of[i].certificate);
		close(s->of[i].key);
	}
	s->n = 0;
}

static bool
send_one(struct channel *ch, const struct conf_certificate *cert,
    enum secret_kind kind, int from)
{
	struct msg_secret m = { .kind = (uint16_t)kind,
		.listener = cert->listener,
		.line = cert->line };
	int fd = fcntl(from, F_DUPFD_CLOEXEC, 0);

	if (fd == -1)
		return false;
	view_copy(view_of(kind == SECRET_KEY ? cert->key : cert->certificate),
	    m.path, sizeof(m.path));
	channel_send(ch, NULL, &msg_secret, &m, fd);
	return true;
}

bool
secrets_send(const struct secrets *s, const struct conf *c, struct channel *ch)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct conf_certificate *cert = &c->certificates[i];

		if (!send_one(
			ch, cert, SECRET_CERTIFICATE, s->of[i].certificate) ||
		    !send_one(ch, cert, SECRET_KEY, s->of[i].key))
			return false;
	}
	channel_send(ch, NULL, &msg_secrets_end, NULL, -1);
	return true;
}
