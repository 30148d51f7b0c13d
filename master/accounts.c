/* SPDX-License-Identifier: ISC */
/* master/accounts.c - whom the programs become, when posternd is root. */
#include "master/accounts.h"

#include "common/base/fatal.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sysexits.h>
#include <unistd.h>

#define GROUP_OPERATORS "postern"

static bool
missing(struct trouble *t, const char *what, const char *name)
{
	return trouble_set(t, EX_NOUSER,
	    "the %s %s does not exist: \"make accounts\" makes it", what, name);
}

static bool
find(const char *name, struct account *a, struct trouble *t)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL && errno != 0 && errno != ENOENT)
		return trouble_set(t, EX_OSERR, "account %s: %m", name);
	if (pw == NULL)
		return missing(t, "account", name);
	if (pw->pw_uid == 0 || pw->pw_gid == 0)
		return trouble_set(
		    t, EX_CONFIG, "the account %s must not be root", name);
	a->uid = pw->pw_uid;
	a->gid = pw->pw_gid;
	return true;
}

/* A reader of the databases gets at them as postern-report does. */
static void
share_group(struct accounts *all)
{
	gid_t group = 0;

	for (size_t i = 0; i < nprograms; i++)
		if (programs[i].kind == PEER_REPORT)
			group = all->of[i].gid;
	for (size_t i = 0; i < nprograms; i++)
		if (programs[i].kind == PEER_READER)
			all->of[i].gid = group;
}

/* Two programs with one account could attack each other. */
static bool
check_distinct(const struct accounts *all, struct trouble *t)
{
	for (size_t i = 0; i < nprograms; i++)
		for (size_t j = i + 1; j < nprograms; j++)
			if (all->of[i].uid == all->of[j].uid)
				return trouble_set(t, EX_CONFIG,
				    "the accounts %s and %s have the same uid",
				    programs[i].account, programs[j].account);
	return true;
}

bool
accounts_find(struct accounts *all, struct trouble *t)
{
	const struct group *operators = getgrnam(GROUP_OPERATORS);

	if (nprograms > PROGRAMS_MAX)
		panic("%zu programs", nprograms);
	all->root = geteuid() == 0;
	for (size_t i = 0; i < nprograms; i++) {
		all->of[i].uid = geteuid();
		all->of[i].gid = getegid();
		if (all->root && !find(programs[i].account, &all->of[i], t))
			return false;
	}
	all->operators = operators == NULL ? 0 : operators->gr_gid;
	if (!all->root)
		return true;
	if (operators == NULL)
		return missing(t, "group", GROUP_OPERATORS);
	share_group(all);
	return check_distinct(all, t);
}

const struct account *
accounts_of(const struct accounts *all, const struct program *p)
{
	return &all->of[p - programs];
}
