/* SPDX-License-Identifier: ISC */
/* common/mail/expand.c - what a local address means in the end.
 *
 * Depth first.  A name that comes back to itself through others, one behind
 * which stands what is not supported, or too many of them: the whole address
 * is in trouble, as half of a list would be a loss.
 */
#include "common/base/alloc.h"
#include "common/mail/aliases.h"

#include <stdio.h>
#include <string.h>

struct walk {
	struct table *table; /* or NULL */
	const struct routing *routing;
	struct expansion *out;
	unsigned int round; /* names that were met in it have seen == round */
	const char *path[ALIAS_DEPTH_MAX]; /* names under way */
	size_t depth;
	bool postmaster; /* the setting was used */
};

static void
trouble(struct walk *w, const char *name, const char *why)
{
	if (w->out->trouble[0] == '\0')
		snprintf(w->out->trouble, sizeof(w->out->trouble),
		    "alias %.100s %.280s", name, why);
}

static void
result_add(struct walk *w, const struct mailbox *m)
{
	struct expansion *x = w->out;
	char text[ADDRESS_MAX + 1];

	if (x->n == x->max) {
		trouble(w, w->depth > 0 ? w->path[0] : "",
		    "has too many "
		    "addresses");
		return;
	}
	mailbox_print(m, text);
	buf_add(&x->addresses, view_make(text, strlen(text) + 1));
	x->n++;
}

static void walk_address(struct walk *, const struct mailbox *);

static struct mailbox
own(const struct walk *w, const char *local)
{
	struct mailbox m = { 0 };

	strlcpy(m.local, local, sizeof(m.local));
	strlcpy(m.domain, w->routing->hostname, sizeof(m.domain));
	return m;
}

static void
walk_value(
    struct walk *w, const struct table_entry *e, const struct table_value *v)
{
	char why[ALIAS_TEXT];
	struct mailbox m;

	switch ((enum alias_kind)v->kind) {
	case ALIAS_ADDRESS:
		if (!mailbox_parse(view_of(v->text), &m, true))
			trouble(w, e->key, "has an address that is none");
		else
			walk_address(w, &m);
		break;
	case ALIAS_NAME:
		m = own(w, v->text);
		walk_address(w, &m);
		break;
	case ALIAS_FINAL:
		m = own(w, v->text);
		result_add(w, &m);
		break;
	case ALIAS_UNSUPPORTED:
		snprintf(why, sizeof(why), "(line %u): %.200s: not supported",
		    v->line, v->text);
		trouble(w, e->key, why);
		break;
	}
}

static void
loop(struct walk *w, const char *name)
{
	char why[ALIAS_TEXT];
	size_t n = 0;

	snprintf(why, sizeof(why), "is a loop:");
	for (size_t i = 0; i < w->depth; i++)
		if (n > 0 || strcmp(w->path[i], name) == 0) {
			n = strlen(why);
			snprintf(
			    why + n, sizeof(why) - n, " %.64s,", w->path[i]);
		}
	n = strlen(why);
	snprintf(why + n, sizeof(why) - n, " %.64s", name);
	trouble(w, name, why);
}

static bool
is_under_way(const struct walk *w, const char *name)
{
	for (size_t i = 0; i < w->depth; i++)
		if (strcmp(w->path[i], name) == 0)
			return true;
	return false;
}

static void
walk_entry(struct walk *w, struct table_entry *e)
{
	if (is_under_way(w, e->key)) {
		loop(w, e->key);
		return;
	}
	if (e->seen == w->round)
		return; /* all of it is there already */
	if (w->depth == ALIAS_DEPTH_MAX) {
		trouble(w, w->path[0], "goes through more than 32 others");
		return;
	}
	e->seen = w->round;
	w->out->changed = true;
	if (e->values->next != NULL)
		w->out->several = true;
	w->path[w->depth++] = e->key;
	for (const struct table_value *v = e->values;
	     v != NULL && w->out->trouble[0] == '\0'; v = v->next)
		walk_value(w, e, v);
	w->depth--;
}

static struct table_entry *
entry_of(const struct table *t, const struct routing *routing,
    const struct mailbox *m)
{
	if (t == NULL || !route_is_local(routing, m))
		return NULL;
	return table_find(t, view_of(m->local));
}

static void
walk_address(struct walk *w, const struct mailbox *m)
{
	struct table_entry *e = entry_of(w->table, w->routing, m);
	struct mailbox postmaster;

	if (e != NULL && w->depth > 0 && w->path[w->depth - 1] == e->key) {
		/* "root: root, admin@example.org": he gets it too */
		result_add(w, m);
	} else if (e != NULL) {
		walk_entry(w, e);
	} else if (!w->postmaster && route_expand(w->routing, m, &postmaster)) {
		w->postmaster = true;
		w->out->changed = true;
		walk_address(w, &postmaster);
	} else {
		result_add(w, m);
	}
}

bool
aliases_has(const struct table *t, const struct routing *routing,
    const struct mailbox *m)
{
	struct mailbox postmaster;

	return entry_of(t, routing, m) != NULL ||
	       route_expand(routing, m, &postmaster);
}

void
aliases_expand(struct table *t, const struct routing *routing,
    const struct mailbox *m, struct expansion *x)
{
	struct walk w = { .table = t, .routing = routing, .out = x };

	buf_init(&x->addresses, x->max * (ADDRESS_MAX + 1));
	x->n = 0;
	x->several = x->changed = false;
	x->trouble[0] = '\0';
	if (t != NULL)
		w.round = table_round(t);
	walk_address(&w, m);
	if (x->trouble[0] == '\0' && x->n == 0)
		trouble(&w, m->local, "leads to nobody");
	if (x->trouble[0] != '\0') {
		buf_clear(&x->addresses);
		x->n = 0;
	}
}

void
expansion_clear(struct expansion *x)
{
	buf_free(&x->addresses);
}
