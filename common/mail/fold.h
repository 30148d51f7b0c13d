/* SPDX-License-Identifier: ISC */
/* common/mail/fold.h - writes words into lines of less than 78 bytes.
 *
 * For header fields (RFC 5322 2.1.1, 2.2.3) and for text.  A word is never
 * cut, so a longer one has a line of its own.  Whatever is not printable
 * ASCII leaves as "?": no word can end a line.
 */
#ifndef COMMON_MAIL_FOLD_H
#define COMMON_MAIL_FOLD_H

#include "common/base/buf.h"

struct fold {
	struct buf *out;
	const char *indent; /* of every line but the first; lent */
	size_t column;      /* bytes in the line under way */
	size_t words;       /* in that line */
};

/* The first line begins with this, as it is: "Name:", or an indentation. */
void fold_begin(
    struct fold *, struct buf *, const char *first, const char *indent);
/* One word, with a space before it unless a new line or "first" ends so. */
void fold_word(struct fold *, struct view);
/* The words of a text, cut at its blanks. */
void fold_text(struct fold *, const char *);
/* The next word begins a line. */
void fold_break(struct fold *);
void fold_end(struct fold *); /* CRLF */

#endif
