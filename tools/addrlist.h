/* SPDX-License-Identifier: ISC */
/* tools/addrlist.h - the addresses in a header field or an argument. Pure.
 *
 * RFC 5322 3.4 with the obsolete forms of 4.4 that people still write:
 * display names, groups, comments, quoted strings, folded lines, source
 * routes, empty elements.
 */
#ifndef TOOLS_ADDRLIST_H
#define TOOLS_ADDRLIST_H

#include "common/base/view.h"

enum { ADDRLIST_SPEC_MAX = 1024 };

/*
 * One address as text for mailbox_parse(): names, comments and blanks are
 * gone, quoted parts stay quoted.  Whether it is a good one is the caller's
 * to judge; "<>" gives the empty view.  has_domain: an @ outside quotes.
 */
typedef void addrlist_found(void *arg, struct view spec, bool has_domain);

/* NULL, or what is wrong with the list, in words. */
const char *addrlist_each(struct view, addrlist_found *, void *arg);

#endif
