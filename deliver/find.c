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

static void on_tlsa(struct ask *, const struct answer *);

/* RFC 7672 2.2.2: by what CNAMEs lead to, if all of them are secure. */
static const char *
base(const struct find *f, size_t i)
{
	const struct attempt *a = &f->attempts.list[i];

	return a->secure == SECURE_ALL && a->alias[0] != '\0' && !f->plain[i]
		   ? a->alias
		   : a->host;
}

static void
ask_base(struct find *f, size_t i)
{
	f->tlsa[i].answered = on_tlsa;
	f->tlsa[i].arg = f;
	f->waiting++;
	ask_tlsa(f->asker, f->tlsa_port, base(f, i), &f->tlsa[i]);
}

/* Where the way to a server is insecure its records prove nothing. */
static void
ask_bases(struct find *f)
{
	for (size_t i = 0; i < f->attempts.n; i++)
		if (f->secure && f->tlsa_port != 0 &&
		    f->attempts.list[i].secure != SECURE_NO)
			ask_base(f, i);
}

static void
on_tlsa(struct ask *k, const struct answer *a)
{
	struct find *f = k->arg;
	size_t i = (size_t)(k - f->tlsa);
	struct attempt *to = &f->attempts.list[i];

	to->dane = dane_new(a, base(f, i));
	f->waiting--;
	if (to->dane == NULL && base(f, i) == to->alias) {
		f->plain[i] = true;
		ask_base(f, i);
	}
	if (f->waiting == 0)
		f->done(f, true, NULL);
}

static void
conclude(struct find *f)
{
	struct status st;

	if (!plan_attempts(&f->plan, f->us, &f->doubt, &f->attempts, &st)) {
		f->done(f, false, &st);
		return;
	}
	ask_bases(f);
	if (f->waiting == 0)
		f->done(f, true, NULL);
}

static void
on_host(struct ask *k, const struct answer *a)
{
	struct find *f = k->arg;

	f->validates = f->validates || a->validates;
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

	f->secure = a->secure == SECURE_ALL;
	f->mx_kind = a->kind;
	f->validates = f->validates || a->validates;
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

	f->secure = true; /* the configuration names them */
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
	for (size_t i = 0; i < ATTEMPTS_MAX; i++)
		ask_cancel(&f->tlsa[i]);
	attempts_clear(&f->attempts);
	mem_free(f);
}
