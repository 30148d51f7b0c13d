/* SPDX-License-Identifier: ISC */
/* tools/rcptlist.h - for whom a message is: gathered, completed, each once. */
#ifndef TOOLS_RCPTLIST_H
#define TOOLS_RCPTLIST_H

#include "tools/addrlist.h"
#include "tools/submit.h"

struct rcptlist {
	struct rcpt_spec *specs; /* as written */
	size_t nspecs, size;
	struct submit_rcpt *rcpts; /* as sent */
	size_t nrcpts;
};

void rcptlist_init(struct rcptlist *);
void rcptlist_free(struct rcptlist *);
/* The addrlist_found to gather with; arg is the list. */
addrlist_found rcptlist_found;
/*
 * Makes rcpts of specs: what has no domain gets this one; those that are no
 * addresses are named to bad() and left out.  Once only.
 */
void rcptlist_complete(
    struct rcptlist *, const char *domain, void (*bad)(const char *spec));
/* The address in full; false when it is none. */
bool rcptlist_address(struct view spec, bool has_domain, const char *domain,
    char out[ADDRLIST_SPEC_MAX]);

#endif
