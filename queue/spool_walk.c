/* SPDX-License-Identifier: ISC */
/* queue/spool_walk.c - a walk over all body files, a piece at a time.
 *
 * For finding what no row knows; what is none of ours is told by its name and
 * never touched.
 */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "queue/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct spool_walk {
	DIR *top;   /* the queue's folder, NULL when done with */
	DIR *mess;  /* its shards */
	DIR *shard; /* NULL between shards */
	uint32_t number;
};

static DIR *
open_folder(int at, const char *name)
{
	int fd =
	    openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);

	if (dir == NULL && fd != -1)
		close(fd);
	return dir;
}

struct spool_walk *
spool_walk_new(void)
{
	struct spool_walk *w = mem_zero(1, sizeof(*w));

	w->top = open_folder(AT_FDCWD, ".");
	w->mess = open_folder(AT_FDCWD, "mess");
	return w;
}

void
spool_walk_free(struct spool_walk *w)
{
	if (w->shard != NULL)
		closedir(w->shard);
	if (w->top != NULL)
		closedir(w->top);
	if (w->mess != NULL)
		closedir(w->mess);
	mem_free(w);
}

/* As we write it: no sign, no zero in front. */
static bool
shard_number(const char *name, uint32_t *number)
{
	uint64_t n;

	if (name[0] == '0' || !view_u64(view_of(name), &n) || n > UINT32_MAX)
		return false;
	*number = (uint32_t)n;
	return true;
}

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void
foreign(struct spool_entry *e, const char *folder, const char *name)
{
	e->foreign = true;
	snprintf(e->name, sizeof(e->name), "%s%s", folder, name);
}

/* Something beside mess that we did not make; false: no more. */
static bool
next_beside(struct spool_walk *w, struct spool_entry *e)
{
	static const char *const ours[] = { "mess", "lock", "key", "key.new",
		"queue.db", "queue.db-wal", "queue.db-shm",
		"queue.db-journal" };
	struct dirent *d;
	size_t i;

	while (w->top != NULL && (d = readdir(w->top)) != NULL) {
		for (i = 0; i < nitems(ours); i++)
			if (strcmp(d->d_name, ours[i]) == 0)
				break;
		if (i < nitems(ours) || is_dots(d->d_name))
			continue;
		foreign(e, "", d->d_name);
		return true;
	}
	if (w->top != NULL)
		closedir(w->top);
	w->top = NULL;
	return false;
}

/* Opens the next shard (*e stays not foreign), or tells of what is none;
 * false: there is nothing more. */
static bool
next_shard(struct spool_walk *w, uint32_t keep, struct spool_entry *e)
{
	struct dirent *d;

	while (w->mess != NULL && (d = readdir(w->mess)) != NULL) {
		if (is_dots(d->d_name))
			continue;
		if (shard_number(d->d_name, &w->number)) {
			/* works only for an empty one */
			if (w->number < keep &&
			    unlinkat(dirfd(w->mess), d->d_name, AT_REMOVEDIR) ==
				0)
				continue;
			w->shard = open_folder(dirfd(w->mess), d->d_name);
		}
		if (w->shard == NULL)
			foreign(e, "mess/", d->d_name);
		return true;
	}
	return false;
}

static void
fill_file(struct spool_walk *w, struct dirent *d, struct spool_entry *e)
{
	char folder[32];
	struct stat st;

	snprintf(folder, sizeof(folder), "mess/%" PRIu32 "/", w->number);
	if (!id_parse(view_of(d->d_name), &e->id) ||
	    spool_shard(e->id) != w->number ||
	    fstatat(dirfd(w->shard), d->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
		-1 ||
	    !S_ISREG(st.st_mode)) {
		foreign(e, folder, d->d_name);
		return;
	}
	snprintf(e->name, sizeof(e->name), "%s%s", folder, d->d_name);
	e->shard = w->number;
	e->size = (uint64_t)st.st_size;
	e->age_seconds = clock_wall_ms() / 1000 - st.st_mtime;
}

static bool
next_file(struct spool_walk *w, struct spool_entry *e)
{
	struct dirent *d;

	while ((d = readdir(w->shard)) != NULL) {
		if (is_dots(d->d_name))
			continue;
		fill_file(w, d, e);
		return true;
	}
	closedir(w->shard);
	w->shard = NULL;
	return false;
}

bool
spool_walk_next(struct spool_walk *w, uint32_t keep, struct spool_entry *e)
{
	memset(e, 0, sizeof(*e));
	if (next_beside(w, e))
		return true;
	for (;;) {
		if (w->shard != NULL && next_file(w, e))
			return true;
		if (!next_shard(w, keep, e))
			return false;
		if (e->foreign)
			return true;
	}
}

uint32_t
spool_last_shard(void)
{
	DIR *mess = open_folder(AT_FDCWD, "mess");
	uint32_t number, last = 0;
	struct dirent *e;

	if (mess == NULL)
		return 0;
	while ((e = readdir(mess)) != NULL)
		if (shard_number(e->d_name, &number) && number > last)
			last = number;
	closedir(mess);
	return last;
}
