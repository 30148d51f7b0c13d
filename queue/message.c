/* SPDX-License-Identifier: ISC */
/* queue/message.c - a message, its groups and recipients in memory. */
#include "queue/message.h"

#include "common/base/alloc.h"

#include <string.h>
#include <unistd.h>

struct message *
message_new(void)
{
	struct message *m = mem_zero(1, sizeof(*m));

	m->fd = -1;
	m->uid = UID_NONE;
	m->envid = mem_copy_string("");
	m->login = mem_copy_string("");
	m->refs = 1;
	return m;
}

void
message_hold(struct message *m)
{
	m->refs++;
}

void
message_release(struct message *m)
{
	if (--m->refs > 0)
		return;
	if (m->fd != -1)
		close(m->fd);
	mem_free(m->sender);
	mem_free(m->client);
	mem_free(m->helo);
	mem_free(m->message_id);
	mem_free(m->envid);
	mem_free(m->login);
	mem_free(m);
}

struct group *
group_new(struct message *m, uint32_t n)
{
	struct group *g = mem_zero(1, sizeof(*g));

	message_hold(m);
	g->message = m;
	g->n = n;
	return g;
}

static void
rcpt_clear(struct rcpt *r)
{
	mem_free(r->address);
	mem_free(r->original);
	mem_free(r->orcpt);
}

void
group_free(struct group *g)
{
	for (size_t i = 0; i < g->nrcpts; i++)
		rcpt_clear(&g->rcpts[i]);
	mem_free(g->rcpts);
	mem_free(g->error);
	message_release(g->message);
	mem_free(g);
}

static char *
copy_unless_empty(const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : mem_copy_string(text);
}

void
group_add_rcpt(struct group *g, uint32_t n, const struct rcpt_new *new)
{
	struct rcpt *r;

	/* room for 1, 2, 4, 8 ... recipients */
	if ((g->nrcpts & (g->nrcpts - 1)) == 0)
		g->rcpts = mem_grow(g->rcpts,
		    g->nrcpts == 0 ? 1 : g->nrcpts * 2, sizeof(*g->rcpts));
	r = &g->rcpts[g->nrcpts++];
	memset(r, 0, sizeof(*r));
	r->n = n;
	r->address = mem_copy_string(new->address);
	r->original = copy_unless_empty(new->original);
	r->orcpt = copy_unless_empty(new->orcpt);
	r->notify = new->notify;
}

void
group_drop_rcpt(struct group *g, size_t place)
{
	rcpt_clear(&g->rcpts[place]);
	g->nrcpts--;
	memmove(&g->rcpts[place], &g->rcpts[place + 1],
	    (g->nrcpts - place) * sizeof(*g->rcpts));
}

void
group_set_error(struct group *g, const char *error)
{
	mem_free(g->error);
	g->error = mem_copy_string(error);
}
