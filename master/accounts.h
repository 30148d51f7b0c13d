/* SPDX-License-Identifier: ISC */
/* master/accounts.h - whom the programs become, when posternd is root. */
#ifndef MASTER_ACCOUNTS_H
#define MASTER_ACCOUNTS_H

#include "master/children.h"
#include "master/trouble.h"

#include <sys/types.h>

enum { PROGRAMS_MAX = 16 };

struct account {
	uid_t uid;
	gid_t gid;
};

struct accounts {
	bool root;       /* else everything belongs to the caller */
	gid_t operators; /* the group postern, 0: there is none */
	struct account of[PROGRAMS_MAX]; /* in the order of programs[] */
};

/* All that the table of programs names must exist, and be different. */
bool accounts_find(struct accounts *, struct trouble *);
const struct account *accounts_of(
    const struct accounts *, const struct program *);

#endif
