/* SPDX-License-Identifier: ISC */
/* master/watched.c - files that other programs read again when they change. */
#include "master/watched.h"

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "master/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static size_t
count_passwords(const struct conf *c)
{
	return conf_has_listeners(c, true) ? 1 : 0;
}

static void
name_passwords(const struct conf *c, size_t i, struct watched_name *n)
{
	(void)i;
	n->reader = PEER_AUTH;
	n->kind = FILE_PASSWORDS;
	n->private = true;
	n->path = conf_text(c, KEY_PASSWORDS);
}

static size_t
count_aliases(const struct conf *c)
{
	return conf_text(c, KEY_ALIASES)[0] != '\0' ? 1 : 0;
}

static void
name_aliases(const struct conf *c, size_t i, struct watched_name *n)
{
	(void)i;
	n->reader = PEER_LOOKUP;
	n->kind = FILE_ALIASES;
	n->path = conf_text(c, KEY_ALIASES);
}

static size_t
count_senders(const struct conf *c)
{
	return conf_text(c, KEY_SENDERS)[0] != '\0' ? 1 : 0;
}

static void
name_senders(const struct conf *c, size_t i, struct watched_name *n)
{
	(void)i;
	n->reader = PEER_LOOKUP;
	n->kind = FILE_SENDERS;
	n->path = conf_text(c, KEY_SENDERS);
}

/* The n-th table that is a file; its place among all. */
static size_t
recipients_place(const struct conf *c, size_t n)
{
	size_t i = 0;

	for (; i < c->nrecipients; i++)
		if (c->recipients[i].path[0] != '\0' && n-- == 0)
			break;
	return i;
}

static size_t
count_recipients(const struct conf *c)
{
	size_t n = 0;

	while (recipients_place(c, n) < c->nrecipients)
		n++;
	return n;
}

static void
name_recipients(const struct conf *c, size_t i, struct watched_name *n)
{
	size_t place = recipients_place(c, i);

	n->reader = PEER_LOOKUP;
	n->kind = FILE_RECIPIENTS;
	n->number = (uint16_t)place;
	n->line = c->recipients[place].line;
	n->path = c->recipients[place].path;
}

static size_t
count_logins(const struct conf *c)
{
	return c->nlogins;
}

static void
name_login(const struct conf *c, size_t i, struct watched_name *n)
{
	n->reader = PEER_DELIVER;
	n->class_ = CLASS_LOGIN;
	n->one = true;
	n->kind = FILE_LOGIN;
	n->number = (uint16_t)i;
	n->line = c->logins[i].line;
	n->private = true;
	n->path = c->logins[i].path;
}

/* A name comes zeroed. */
static const struct {
	size_t (*count)(const struct conf *);
	void (*name)(const struct conf *, size_t, struct watched_name *);
} sources[] = {
	{ count_passwords, name_passwords },
	{ count_aliases, name_aliases },
	{ count_senders, name_senders },
	{ count_recipients, name_recipients },
	{ count_logins, name_login },
};

/* False, and *why: what is wrong, errno if it has a %m. */
static bool
open_again(struct watched_file *w, const char **why)
{
	struct stat st;
	int fd = secret_open(w->name.path, w->name.private, why);

	if (fd == -1)
		return false;
	if (fstat(fd, &st) == -1) {
		close(fd);
		*why = "%m";
		return false;
	}
	if (w->fd != -1)
		close(w->fd);
	w->fd = fd;
	w->seen = st;
	return true;
}

static bool
refused(const struct watched_file *w, const char *why, const char *file,
    struct trouble *t)
{
	const char *path = w->name.path;
	int code = EX_NOPERM;

	if (strcmp(why, "%m") == 0) {
		code = errno == ENOENT ? EX_NOINPUT : EX_NOPERM;
		why = strerror(errno);
	}
	if (w->name.line == 0)
		return trouble_set(t, code, "%s: %s", path, why);
	return trouble_set(
	    t, code, "%s:%u: %s: %s", file, w->name.line, path, why);
}

static struct watched_file *
add(struct watched *all, const struct watched_name *name)
{
	struct watched_file *w;

	all->of = mem_grow(all->of, all->n + 1, sizeof(*all->of));
	w = &all->of[all->n++];
	memset(w, 0, sizeof(*w));
	w->name = *name;
	w->name.path = mem_copy_string(name->path);
	w->fd = -1;
	return w;
}

bool
watched_open(struct watched *all, const struct conf *c, const char *file,
    struct trouble *t)
{
	memset(all, 0, sizeof(*all));
	for (size_t k = 0; k < nitems(sources); k++) {
		for (size_t i = 0; i < sources[k].count(c); i++) {
			struct watched_name name = { 0 };
			struct watched_file *w;
			const char *why;

			sources[k].name(c, i, &name);
			w = add(all, &name);
			if (open_again(w, &why))
				continue;
			refused(w, why, file, t);
			watched_close(all);
			return false;
		}
	}
	return true;
}

void
watched_close(struct watched *all)
{
	for (size_t i = 0; i < all->n; i++) {
		if (all->of[i].fd != -1)
			close(all->of[i].fd);
		mem_free((void *)(uintptr_t)all->of[i].name.path);
	}
	mem_free(all->of);
	memset(all, 0, sizeof(*all));
}

bool
watched_send_file(const struct watched_file *w, struct channel *ch)
{
	struct msg_file m = { .kind = (uint16_t)w->name.kind,
		.number = w->name.number,
		.line = w->name.line };
	int fd = fcntl(w->fd, F_DUPFD_CLOEXEC, 0);

	if (fd == -1)
		return false;
	view_copy(view_of(w->name.path), m.path, sizeof(m.path));
	channel_send(ch, NULL, &msg_file, &m, fd);
	return true;
}

bool
watched_is_for(const struct watched_file *w, const struct watched_reader *r)
{
	const struct watched_name *n = &w->name;

	return n->reader == r->kind && n->class_ == r->class_ &&
	       (!n->one || n->number == r->index);
}

bool
watched_send(const struct watched *all, const struct watched_reader *reader,
    struct channel *ch)
{
	for (size_t i = 0; i < all->n; i++)
		if (watched_is_for(&all->of[i], reader) &&
		    !watched_send_file(&all->of[i], ch))
			return false;
	return true;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_mode == b->st_mode && a->st_uid == b->st_uid;
}

/* What cannot be had is said once, and what was had before stays. */
bool
watched_look(struct watched_file *w)
{
	struct stat st = { 0 };
	const char *why;

	(void)stat(w->name.path, &st); /* nothing there is also a state */
	if (is_same(&st, &w->seen))
		return false;
	if (open_again(w, &why))
		return true;
	if (strcmp(why, "%m") == 0)
		why = strerror(errno);
	w->seen = st;
	log_begin("file-refused");
	log_text("path", w->name.path);
	log_text("text", why);
	log_end();
	return false;
}
