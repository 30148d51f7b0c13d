/* SPDX-License-Identifier: ISC */
/* smtpd/extensions.h - the list of ESMTP extensions (RFC 5321 2.2).
 *
 * An extension is one file with a struct extension, and one line in the list
 * of extensions.c.  What it does not need stays NULL.
 */
#ifndef SMTPD_EXTENSIONS_H
#define SMTPD_EXTENSIONS_H

#include "smtpd/session.h"

enum { EXTENSION_PARAMS = 2 };

/* A parameter, and what its value does: NULL, fine, or the refusal. */
struct extension_param {
	const char *name;
	const struct smtp_reply *(*take)(struct session *, struct view value);
};

struct extension {
	const char *keyword;                     /* of the EHLO line */
	bool (*offered)(const struct session *); /* NULL: always */
	/* What stands behind the keyword, with its blank. */
	void (*offer)(const struct session *, struct buf *);
	struct extension_param mail[EXTENSION_PARAMS];
	struct extension_param rcpt[EXTENSION_PARAMS];
};

extern const struct extension ext_8bitmime, ext_auth, ext_chunking, ext_limits,
    ext_dsn, ext_enhancedstatuscodes, ext_pipelining, ext_size, ext_smtputf8,
    ext_starttls;

/* A "250-" line each. */
void extensions_offer(const struct session *, struct buf *);
/* The parameters behind the path; NULL: all known, each fine. */
const struct smtp_reply *extensions_mail(struct session *, struct view);
const struct smtp_reply *extensions_rcpt(struct session *, struct view);

#endif
