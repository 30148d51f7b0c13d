/* SPDX-License-Identifier: ISC */
/* common/mail/xtext.h - the "+2B" encoding of ORCPT and ENVID values.
 *
 * RFC 3461 section 4.  The decoded text is printable ASCII and spaces only:
 * a "+0D+0A" is refused here, so that it can never become a line end in
 * whatever is written from it later.
 */
#ifndef COMMON_MAIL_XTEXT_H
#define COMMON_MAIL_XTEXT_H

#include "common/base/view.h"

/* False, and an empty string, when malformed, not printable or too long. */
bool xtext_decode(struct view, char *out, size_t size);
/* False, and an empty string, when it does not fit (3 bytes for 1 at worst). */
bool xtext_encode(struct view, char *out, size_t size);

#endif
