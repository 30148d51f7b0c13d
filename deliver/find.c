/* SPDX-License-Identifier: ISC */
/* deliver/find.c - from a destination to the addresses to be tried. */
#include "deliver/find.h"

#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

static uint32_t
any_below(void *arg, uint32_t bound)
{
	(void)arg;
	return arc4random_uniform(bound);
}

static void on_host(struct ask *, const struct answer *);

/* Asks for the next hosts; false when enough is known. */
static bool
ask_hosts(struct find *f)
{
	size_t first, n = plan_group(&f->plan, &first);

	for (size_t i = first; i < first + n; i++) {
		if (f->plan.hosts[i].answer != 0)
			continue; /* an address of the configuration */
		f->hosts[i].answered = on_host;
		f->hosts[i].arg = f;
		f->waiting++;
		ask(f->asker, QUESTION_HOST, f->plan.hosts[i].host,
		    &f->hosts[i]);
	}
	return n > 0;
}

static void
conclude(struct find *f)
{
	struct status st;
	bool found = plan_attempts(&f->plan, f->us, &f->attempts, &st);

	f->done(f, found, &st);
}

static void
on_host(struct ask *k, const struct answer *a)
{
	struct find *f = k->arg;

	plan_addresses(&f->plan, (size_t)(k - f->hosts), a, f->us);
	if (--f->waiting == 0 && !ask_hosts(f))
		conclude(f);
}

static void
on_mx(struct ask *k, const struct answer *a)
{
	const struct chance chance = { any_below, NULL };
	struct find *f = k->arg;
	struct status st;

	if (!plan_mx(&f->plan, f->domain, a, &chance, &st))
		f->done(f, false, &st);
	else if (!ask_hosts(f))
		conclude(f);
}

static struct find *
find_new(struct asker *asker, const struct ourselves *us, const char *domain,
    void (*done)(struct find *, bool, const struct status *), void *arg)
{
	struct find *f = mem_zero(1, sizeof(*f));

	f->asker = asker;
	f->us = us;
	f->done = done;
	f->arg = arg;
	view_copy(view_of(domain), f->domain, sizeof(f->domain));
	return f;
}

struct find *
find_mx(struct asker *asker, const struct ourselves *us, const char *domain,
    void (*done)(struct find *, bool, const struct status *), void *arg)
{
	struct find *f = find_new(asker, us, domain, done, arg);

	f->mx.answered = on_mx;
	f->mx.arg = f;
	ask(asker, QUESTION_MX, f->domain, &f->mx);
	return f;
}

struct find *
find_hosts(struct asker *asker, const struct ourselves *us, const char *list,
    void (*done)(struct find *, bool, const struct status *), void *arg)
{
	struct find *f = find_new(asker, us, list, done, arg);

	plan_hosts(&f->plan, list);
	ask_hosts(f);
	return f;
}

void
find_free(struct find *f)
{
	if (f == NULL)
		return;
	ask_cancel(&f->mx);
	for (size_t i = 0; i < ANSWER_MX_MAX; i++)
		ask_cancel(&f->hosts[i]);
	mem_free(f);
}
