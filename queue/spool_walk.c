/* SPDX-License-Identifier: ISC */
/* queue/spool_walk.c - a walk over all body files, a piece at a time.
 *
 * For finding what no row knows; foreign names are passed over.
 */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "queue/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct spool_walk {
	DIR *mess;
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

	w->mess = open_folder(AT_FDCWD, "mess");
	return w;
}

void
spool_walk_free(struct spool_walk *w)
{
	if (w->shard != NULL)
		closedir(w->shard);
	if (w->mess != NULL)
		closedir(w->mess);
	mem_free(w);
}

static bool
shard_number(const char *name, uint32_t *number)
{
	uint64_t n;

	if (!view_u64(view_of(name), &n) || n > UINT32_MAX)
		return false;
	*number = (uint32_t)n;
	return true;
}

/* Opens the next shard; false: there is none. */
static bool
next_shard(struct spool_walk *w, uint32_t keep)
{
	struct dirent *e;

	while (w->mess != NULL && (e = readdir(w->mess)) != NULL) {
		if (!shard_number(e->d_name, &w->number))
			continue;
		/* works only for an empty one */
		if (w->number < keep &&
		    unlinkat(dirfd(w->mess), e->d_name, AT_REMOVEDIR) == 0)
			continue;
		w->shard = open_folder(dirfd(w->mess), e->d_name);
		if (w->shard != NULL)
			return true;
	}
	return false;
}

static bool
next_file(struct spool_walk *w, uint64_t *id, int64_t *age)
{
	struct dirent *e;
	struct stat st;

	while ((e = readdir(w->shard)) != NULL) {
		if (!id_parse(view_of(e->d_name), id) ||
		    spool_shard(*id) != w->number ||
		    fstatat(dirfd(w->shard), e->d_name, &st,
			AT_SYMLINK_NOFOLLOW) == -1 ||
		    !S_ISREG(st.st_mode))
			continue;
		*age = clock_wall_ms() / 1000 - st.st_mtime;
		return true;
	}
	closedir(w->shard);
	w->shard = NULL;
	return false;
}

bool
spool_walk_next(struct spool_walk *w, uint32_t keep, uint32_t *shard,
    uint64_t *id, int64_t *age)
{
	for (;;) {
		if (w->shard != NULL && next_file(w, id, age)) {
			*shard = w->number;
			return true;
		}
		if (!next_shard(w, keep))
			return false;
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
