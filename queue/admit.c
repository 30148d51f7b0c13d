/* SPDX-License-Identifier: ISC */
/* queue/admit.c - from recipients to groups, before and after the commit. */
#include "queue/admit.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/mail/notify.h"
#include "common/run/process.h"
#include "queue/admit_index.h"
#include "queue/dispatch.h"
#include "queue/expand.h"
#include "queue/outcome.h"
#include "queue/window.h"

#include <stdlib.h>
#include <string.h>

/* What is sought by its destination alone; its recipients are numbered. */
enum { A_GROUP = UINT32_MAX };

static struct admit_index *
index_of(struct store_commit *c)
{
	static uint64_t key;

	if (key == 0)
		arc4random_buf(&key, sizeof(key));
	if (c->index == NULL)
		c->index = admit_index_new(key);
	return c->index;
}

static struct group *
group_add(struct store_commit *c, struct destination *d)
{
	struct group *g;

	if ((c->ngroups & (c->ngroups - 1)) == 0)
		c->groups = mem_grow(c->groups,
		    c->ngroups == 0 ? 1 : c->ngroups * 2, sizeof(*c->groups));
	g = group_new(c->message, (uint32_t)c->ngroups + 1);
	g->destination = d;
	/* it may not be forgotten while recipients are still coming */
	if (d != NULL)
		schedule_hold(window_schedule(), g);
	c->groups[c->ngroups].group = g;
	memset(&c->groups[c->ngroups].row, 0, sizeof(c->groups[0].row));
	c->ngroups++;
	return g;
}

/*
 * The commit's group for that destination (NULL: held) that has room, made if
 * need be: a large list is several groups, so that several connections share
 * it and no other mail waits for the whole of it.
 */
static uint32_t
group_for(struct store_commit *c, struct destination *d)
{
	struct admit_place new = { admit_index_hash(index_of(c), d, ""), 0,
		A_GROUP };
	struct admit_place *p;
	size_t at = 0;

	do
		p = admit_index_next(c->index, new.hash, &at);
	while (p != NULL && (p->rcpt != A_GROUP ||
				c->groups[p->group].group->destination != d));
	if (p != NULL && c->groups[p->group].group->nrcpts < GROUP_RCPTS)
		return p->group;
	new.group = (uint32_t)c->ngroups;
	group_add(c, d);
	if (p != NULL)
		p->group = new.group;
	else
		admit_index_add(c->index, &new);
	return new.group;
}

/* The place of that recipient; NULL: it is new. */
static const struct admit_place *
find_rcpt(struct store_commit *c, uint64_t hash, const struct destination *d,
    const char *address)
{
	struct admit_place *p;
	struct group *g;
	size_t at = 0;

	while ((p = admit_index_next(c->index, hash, &at)) != NULL) {
		g = c->groups[p->group].group;
		if (p->rcpt != A_GROUP && g->destination == d &&
		    strcmp(g->rcpts[p->rcpt].address, address) == 0)
			return p;
	}
	return NULL;
}

/* To that destination (NULL: held); named twice it is one.  Its group. */
static struct group *
add_rcpt(
    struct store_commit *c, struct destination *d, const struct rcpt_new *new)
{
	uint64_t hash = admit_index_hash(index_of(c), d, new->address);
	const struct admit_place *twin = find_rcpt(c, hash, d, new->address);
	struct admit_place place = { hash, 0, 0 };
	struct group *g;
	struct rcpt *r;

	if (twin != NULL) {
		g = c->groups[twin->group].group;
		r = &g->rcpts[twin->rcpt];
		r->notify = notify_both(r->notify, new->notify);
		return g;
	}
	place.group = group_for(c, d);
	g = c->groups[place.group].group;
	place.rcpt = (uint32_t)g->nrcpts;
	group_add_rcpt(g, place.rcpt + 1, new);
	admit_index_add(c->index, &place);
	return g;
}

void
admit_hold(struct store_commit *c, const struct rcpt_new *new, const char *why)
{
	struct group *g = add_rcpt(c, NULL, new);

	if (g->error == NULL)
		group_set_error(g, why);
}

static void
hold(struct store_commit *c, const struct rcpt_new *new)
{
	admit_hold(c, new, "no place to go: set postmaster or a route");
}

void
admit_rcpt(struct store_commit *c, const struct rcpt_new *new)
{
	struct routing routing = conf_routing(process_conf());
	char address[ADDRESS_MAX + 1], original[ADDRESS_MAX + 1];
	struct rcpt_new out = *new;
	struct mailbox box, meant;
	const struct route_origin origin = { c->message->sender,
		c->message->login };
	struct route_result to;

	if (!mailbox_parse(view_of(new->address), &box, true)) {
		hold(c, new);
		return;
	}
	if (!new->final && expand_wanted(&box)) {
		add_rcpt(c, expand_destination(), new);
		return;
	}
	if (route_expand(&routing, &box, &meant) && new->original == NULL)
		out.original = mailbox_print(&box, original);
	out.address = mailbox_print(&meant, address);
	route_find(&routing, &meant, &origin, &to);
	if (to.verdict != ROUTE_TO)
		hold(c, &out);
	else
		add_rcpt(c,
		    schedule_destination(
			window_schedule(), to.transport, to.host, to.port),
		    &out);
}

static enum group_state
state_for(const struct group *g, int64_t now)
{
	if (g->destination == NULL)
		return GROUP_HELD;
	return schedule_admits(window_schedule(), g, now) ? GROUP_FRESH
							  : GROUP_WAITING;
}

void
admit_begin(struct store_commit *c)
{
	int64_t now = clock_wall_ms();

	admit_index_free(c->index);
	c->index = NULL;
	for (size_t i = 0; i < c->ngroups; i++) {
		struct group *g = c->groups[i].group;

		g->state = state_for(g, now);
		g->next_try = g->state == GROUP_WAITING ? now : 0;
	}
}

static void
forget(struct group *g)
{
	struct destination *d = g->destination;

	if (d != NULL)
		schedule_drop(window_schedule(), g);
	group_free(g);
	if (d != NULL)
		window_settle(d);
}

static void
admit_group(struct store_group *sg)
{
	struct group *g = sg->group;
	struct destination *d = g->destination;

	if (d != NULL)
		window_known(d, &sg->row);
	if (g->state == GROUP_FRESH) {
		window_add(g);
		outcome_line_up(g);
		return;
	}
	if (g->state == GROUP_WAITING) {
		d->more = true;
		d->dirty = true;
	} else {
		log_begin("held");
		log_id("id", g->message->id);
		log_text("rcpt", g->rcpts[0].address);
		log_text("text", g->error);
		log_end();
	}
	forget(g);
}

void
admit_stored(struct store_commit *c)
{
	for (size_t i = 0; i < c->ngroups; i++)
		admit_group(&c->groups[i]);
	c->ngroups = 0;
	dispatch_run();
}

void
admit_failed(struct store_commit *c)
{
	admit_index_free(c->index);
	c->index = NULL;
	for (size_t i = 0; i < c->ngroups; i++)
		forget(c->groups[i].group);
	c->ngroups = 0;
}

struct again {
	admit_again_fn done;
	void *arg;
};

static void
on_again(struct store_op *op)
{
	struct store_result *r = &op->u.result;
	struct again *a = op->owner;
	bool stored = !op->failed;

	if (stored)
		admit_stored(r->instead);
	else
		admit_failed(r->instead);
	store_op_free(op);
	a->done(a->arg, stored);
	mem_free(a);
}

void
admit_again(struct group *g, admit_again_fn done, void *arg)
{
	struct again *a = mem_zero(1, sizeof(*a));
	struct store_op *op = store_op_new(STORE_RESULT, on_again, a);
	struct store_result *r = &op->u.result;

	a->done = done;
	a->arg = arg;
	message_hold(g->message);
	r->message = g->message;
	r->group = g->n;
	r->finished = true;
	r->instead = mem_zero(1, sizeof(*r->instead));
	r->instead->message = g->message;
	for (size_t i = 0; i < g->nrcpts; i++) {
		const struct rcpt *old = &g->rcpts[i];
		const struct rcpt_new new = { old->address, old->original,
			old->orcpt, old->notify, false };

		admit_rcpt(r->instead, &new);
	}
	admit_begin(r->instead);
	group_free(g);
	store_submit(op);
}
