/* SPDX-License-Identifier: ISC */
/* common/mail/aliases.h - who is meant: a file in the form of aliases(5).
 *
 * "NAME: ADDRESS, ADDRESS ..." for the local parts of local domains, without
 * regard to case.  Programs, files and ":include:" are known and not
 * supported: such an alias is read, and what comes for it has to wait.
 * Pure: the text is handed in.
 */
#ifndef COMMON_MAIL_ALIASES_H
#define COMMON_MAIL_ALIASES_H

#include "common/base/buf.h"
#include "common/mail/route.h"
#include "common/mail/table.h"

enum { ALIAS_DEPTH_MAX = 32, ALIAS_TEXT = 400 };

enum alias_kind {
	ALIAS_ADDRESS = 1, /* with a domain */
	ALIAS_NAME,        /* a local part: of our own */
	ALIAS_FINAL,       /* "\name": it stays that */
	ALIAS_UNSUPPORTED  /* |program, /file, :include:file */
};

/* NULL: refused, and *e says why. */
struct table *aliases_parse(struct view text, struct table_error *e);
/* The n-th (from 0) target that is not supported; false beyond the last. */
bool aliases_unsupported(
    const struct table *, size_t n, unsigned int *line, const char **text);

/* What an address means in the end. */
struct expansion {
	/* one address after another, each with a NUL behind it */
	struct buf addresses;
	size_t n;
	size_t max; /* in: more than these are an error */
	/* more than one address stood behind one of the names */
	bool several;
	bool changed;             /* it means another than was asked for */
	char trouble[ALIAS_TEXT]; /* "" none; else for people, and n is 0 */
};

/* Is there something behind this address: an alias, or the postmaster
 * setting? */
bool aliases_has(
    const struct table *, const struct routing *, const struct mailbox *);
/*
 * The table may be NULL: then only the postmaster setting counts.  An address
 * that is not local, or has no alias, means itself.  Marks what it has seen in
 * the table.
 */
void aliases_expand(struct table *, const struct routing *,
    const struct mailbox *, struct expansion *);
void expansion_clear(struct expansion *);

#endif
