/* SPDX-License-Identifier: ISC */
/* queue/store_clean.c - what a former queue left, a piece at a time. */
#include "queue/spool.h"
#include "queue/store_int.h"

enum {
	CLEAN_PIECE = 1000,               /* files looked at in one go */
	ORPHAN_SECONDS = 7 * 24 * 60 * 60 /* before an orphan is removed */
};

/* One file: unknown to all rows it goes at once, or after a week if it may be
 * of a lost database; rows that nothing else would look at are judged. */
static void
clean_one(struct store_clean *c, const struct spool_entry *e)
{
	if (e->foreign || e->id >= files_first_id())
		return;
	if (read_known(e->id)) {
		aside_stray(e->id, &c->flawed);
		return;
	}
	if (e->id < files_birth_id() && e->age_seconds < ORPHAN_SECONDS) {
		c->orphans++;
		return;
	}
	spool_remove(e->shard, e->id);
	c->removed++;
}

void
clean_piece(struct store_clean *c)
{
	static struct spool_walk *walk; /* under way, or NULL */
	struct spool_entry e;

	if (walk == NULL)
		walk = spool_walk_new();
	for (size_t i = 0; i < CLEAN_PIECE; i++) {
		if (!spool_walk_next(walk, spool_shard(files_first_id()), &e)) {
			spool_walk_free(walk);
			walk = NULL;
			c->finished = true;
			return;
		}
		clean_one(c, &e);
		if (c->flawed.n == STORE_LOAD_MAX)
			return;
	}
}

bool
files_orphan(const struct spool_entry *e, int64_t *left)
{
	if (e->foreign || e->id >= files_first_id() || read_known(e->id))
		return false;
	/* stock of the former queue, which nothing was written to */
	if (e->size == 0 && e->id >= files_birth_id())
		return false;
	*left = e->id < files_birth_id() && e->age_seconds < ORPHAN_SECONDS
		    ? ORPHAN_SECONDS - e->age_seconds
		    : 0;
	return true;
}
