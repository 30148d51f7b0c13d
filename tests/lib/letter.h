/* SPDX-License-Identifier: ISC */
/* tests/lib/letter.h - writes the tests' messages.
 *
 * Bodies come from a small pool made once from a fixed seed: CRLF lines of
 * many lengths (empty, up to the 998 of RFC 5321 4.5.3.1.6), lines that
 * begin with dots, lines of one dot.  Each ends with a line that holds the
 * id, so that no two messages have the same sum and a body under another's
 * header is found.
 */
#ifndef TESTS_LIB_LETTER_H
#define TESTS_LIB_LETTER_H

#include "common/base/buf.h"

#include <time.h>

struct letter_body;

struct letters {
	struct letter_body *pool;
	size_t npool;
	time_t date_of; /* the second that date was printed for */
	char date[64];
};

struct letter {
	const char *id;
	uint64_t number; /* picks the body */
	const char *from;
	struct view to;
};

/* Bodies of this many bytes, or a few more where the last line needs them. */
void letters_init(struct letters *, size_t body_bytes, const char *sample_id);
void letters_free(struct letters *);
/* Appends header, body and the final dot line, dots stuffed. */
void letters_write(struct letters *, const struct letter *, struct buf *);

#endif
