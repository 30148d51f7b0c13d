/* SPDX-License-Identifier: ISC */
/* deliver/dane.c - what TLSA records ask of the connection to a server.
 *
 * Must never make "there are none" of "nobody can say".
 */
#include "deliver/dane.h"

#include "common/base/alloc.h"
#include "deliver/attempts.h"

#include <string.h>

static enum dane_state
judge(const char *records)
{
	struct tlsa_set set;

	return tlsa_read(records, &set) && set.n > 0 ? DANE_USABLE
						     : DANE_UNUSABLE;
}

struct dane *
dane_new(const struct answer *a, const char *base)
{
	bool found = a->kind == ANSWER_FOUND && a->secure == SECURE_ALL;
	struct dane *d;

	if (!found && a->kind != ANSWER_TROUBLE)
		return NULL;
	d = mem_zero(1, sizeof(*d));
	d->references = 1;
	view_copy(view_of(base), d->base, sizeof(d->base));
	if (found) {
		d->records =
		    mem_copy_string(a->tlsa == NULL ? "" : a->tlsa->records);
		d->state = judge(d->records);
	} else {
		d->state = DANE_TROUBLE;
		memcpy(d->text, a->text, sizeof(d->text));
	}
	return d;
}

struct dane *
dane_hold(struct dane *d)
{
	if (d != NULL)
		d->references++;
	return d;
}

void
dane_drop(struct dane *d)
{
	if (d == NULL || --d->references > 0)
		return;
	mem_free(d->records);
	mem_free(d);
}

bool
dane_eq(const struct dane *a, const struct dane *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->state == b->state && strcasecmp(a->base, b->base) == 0 &&
	       a->records != NULL && b->records != NULL &&
	       strcmp(a->records, b->records) == 0;
}
