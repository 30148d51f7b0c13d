/* SPDX-License-Identifier: ISC */
/* queue/admit.c - from recipients to groups, before and after the commit. */
#include "queue/admit.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/run/process.h"
#include "queue/dispatch.h"
#include "queue/window.h"

#include <string.h>

/* The commit's group for that destination (NULL: held), made if need be. */
static struct group *
group_for(struct store_commit *c, struct destination *d)
{
	struct group *g;

	for (size_t i = c->ngroups; i > 0; i--)
		if (c->groups[i - 1].group->destination == d)
			return c->groups[i - 1].group;
	if ((c->ngroups & (c->ngroups - 1)) == 0)
		c->groups = mem_grow(c->groups,
		    c->ngroups == 0 ? 1 : c->ngroups * 2, sizeof(*c->groups));
	g = group_new(c->message, (uint32_t)c->ngroups + 1);
	g->destination = d;
	c->groups[c->ngroups].group = g;
	c->groups[c->ngroups].destination_id = 0;
	c->ngroups++;
	return g;
}

static bool
has_rcpt(const struct group *g, const char *address)
{
	for (size_t i = 0; i < g->nrcpts; i++)
		if (strcmp(g->rcpts[i].address, address) == 0)
			return true;
	return false;
}

static void
add_rcpt(struct group *g, const char *address, const char *original)
{
	uint32_t n = g->nrcpts == 0 ? 1 : g->rcpts[g->nrcpts - 1].n + 1;

	if (!has_rcpt(g, address))
		group_add_rcpt(g, n, address, original);
}

void
admit_hold(struct store_commit *c, const char *address)
{
	struct group *g = group_for(c, NULL);

	if (g->error == NULL)
		group_set_error(g, "no place to go: set postmaster or a route");
	add_rcpt(g, address, NULL);
}

void
admit_address(struct store_commit *c, const struct mailbox *box)
{
	struct routing routing = conf_routing(process_conf());
	char address[ADDRESS_MAX + 1], original[ADDRESS_MAX + 1];
	struct mailbox meant;
	struct route_result to;
	bool expanded = route_expand(&routing, box, &meant);

	mailbox_print(box, original);
	mailbox_print(&meant, address);
	route_find(&routing, &meant, &to);
	if (to.verdict != ROUTE_TO) {
		admit_hold(c, address);
		return;
	}
	add_rcpt(group_for(c, schedule_destination(window_schedule(),
				  to.transport, to.host, to.port)),
	    address, expanded ? original : NULL);
}

static enum group_state
state_for(const struct group *g, int64_t now)
{
	if (g->destination == NULL)
		return GROUP_HELD;
	return schedule_admits(window_schedule(), g->destination, now)
		   ? GROUP_FRESH
		   : GROUP_WAITING;
}

void
admit_begin(struct store_commit *c)
{
	int64_t now = clock_wall_ms();

	for (size_t i = 0; i < c->ngroups; i++) {
		struct group *g = c->groups[i].group;

		g->state = state_for(g, now);
		g->next_try = g->state == GROUP_WAITING ? now : 0;
		if (g->destination != NULL)
			schedule_hold(window_schedule(), g);
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
		d->id = sg->destination_id;
	if (g->state == GROUP_FRESH) {
		/* window_add() counts it anew */
		schedule_drop(window_schedule(), g);
		window_add(g, true);
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
	for (size_t i = 0; i < c->ngroups; i++)
		forget(c->groups[i].group);
	c->ngroups = 0;
}

static void
on_again(struct store_op *op)
{
	struct store_result *r = &op->u.result;

	if (op->failed)
		admit_failed(r->instead);
	else
		admit_stored(r->instead);
	store_op_free(op);
}

void
admit_again(struct group *g)
{
	struct store_op *op = store_op_new(STORE_RESULT, on_again, NULL);
	struct store_result *r = &op->u.result;
	struct mailbox box;

	message_hold(g->message);
	r->message = g->message;
	r->group = g->n;
	r->finished = true;
	r->instead = mem_zero(1, sizeof(*r->instead));
	r->instead->message = g->message;
	for (size_t i = 0; i < g->nrcpts; i++)
		if (mailbox_parse(view_of(g->rcpts[i].address), &box, true))
			admit_address(r->instead, &box);
		else
			admit_hold(r->instead, g->rcpts[i].address);
	admit_begin(r->instead);
	group_free(g);
	store_submit(op);
}
