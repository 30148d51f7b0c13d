/* SPDX-License-Identifier: ISC */
/* master/filewatch.c - looks at the watched files, every two seconds, and
 * passes on what has changed.
 */
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "master/master.h"

enum { LOOK_SECONDS = 2 };

static struct watched_reader
reader_of(const struct child *c)
{
	const struct watched_reader r = { c->program->kind, c->program->class_,
		c->index };

	return r;
}

void
child_files(struct child *c)
{
	const struct watched_reader r = reader_of(c);

	if (!watched_send(&c->master->watched, &r, c->control))
		child_kill(c, "no descriptor for its files");
}

/* Who is told less so far gets it in its turn. */
static bool
is_told(const struct child *c)
{
	return c->control != NULL &&
	       (c->state == CHILD_BOOTED || c->state == CHILD_READY);
}

static void
pass_on(struct master *m, const struct watched_file *w)
{
	log_begin("file-changed");
	log_text("path", w->name.path);
	log_end();
	for (size_t i = 0; i < m->nchildren; i++) {
		struct child *c = &m->children[i];
		const struct watched_reader r = reader_of(c);

		if (watched_is_for(w, &r) && is_told(c) &&
		    !watched_send_file(w, c->control))
			child_kill(c, "no descriptor for its files");
	}
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct master *m = arg;

	(void)fd;
	(void)what;
	if (m->state == MASTER_STOPPING)
		return;
	for (size_t i = 0; i < m->watched.n; i++)
		if (watched_look(&m->watched.of[i]))
			pass_on(m, &m->watched.of[i]);
}

void
filewatch_init(struct master *m)
{
	const struct timeval tv = { .tv_sec = LOOK_SECONDS };
	struct event *e = event_new(m->base, -1, EV_PERSIST, on_look, m);

	if (e == NULL || event_add(e, &tv) == -1)
		fatal("no timer");
}
