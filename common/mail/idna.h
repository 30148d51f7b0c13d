/* SPDX-License-Identifier: ISC */
/* common/mail/idna.h - internationalised domain names (RFC 5890 to 5892).
 *
 * postern knows a domain in one form, its A-labels: they are compared, routed
 * by, asked for in DNS and handed on.  A U-label is turned into that form
 * where it is read, so that one name never has two spellings.
 */
#ifndef COMMON_MAIL_IDNA_H
#define COMMON_MAIL_IDNA_H

#include "common/mail/domain.h"

/*
 * The name, normalised and valid (domain.h), in A-labels.  ASCII stays as it
 * is.  False: not UTF-8, not a name that may be registered, or too long.
 */
bool idna_to_ascii(struct view, char out[DOMAIN_MAX + 1]);

#endif
