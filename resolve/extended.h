/* SPDX-License-Identifier: ISC */
/* resolve/extended.h - what a resolver says of why it gives no answer, RFC
 * 8914.
 *
 * Pure.  It is for people to read, and tells bogus from broken; nothing that
 * it says makes an answer of what is none.
 */
#ifndef RESOLVE_EXTENDED_H
#define RESOLVE_EXTENDED_H

#include "common/base/view.h"

enum { EXTENDED_TEXT = 120 };

struct extended {
	bool there;
	uint16_t code;
	char text[EXTENDED_TEXT + 1]; /* printable ASCII */
};

/* The options of an OPT record, whatever they are.  Of several errors the
 * first that says bogus, else the first. */
void extended_read(struct view options, struct extended *);
/* By its own word: the answer fails validation. */
bool extended_is_bogus(const struct extended *);
/* why, and that it is bogus, and by what. */
void extended_tell_bogus(
    const struct extended *, const char *why, char *out, size_t size);

#endif
