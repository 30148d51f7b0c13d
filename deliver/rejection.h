/* SPDX-License-Identifier: ISC */
/* deliver/rejection.h - what a server says of a token that it does not take
 * (RFC 7628 3.2.2).
 *
 * Its 334 is JSON in base64.  Pure.  The server is hostile: what is kept is
 * printable and bounded.
 */
#ifndef DELIVER_REJECTION_H
#define DELIVER_REJECTION_H

#include "common/base/view.h"

enum { REJECTION_TEXT = 256 };

/*
 * The text of the reply, without its code: "status invalid_token, scope mail",
 * or "" where it does not say such things.  Fills out and returns it.
 */
const char *rejection_read(struct view said, char out[REJECTION_TEXT]);

#endif
