/* SPDX-License-Identifier: ISC */
/* tools/source.h - the message on standard input.
 *
 * The first SOURCE_KEPT bytes are kept in memory, so that a message of usual
 * size can be sent again; what goes beyond passes through once.  The end is
 * the end of the file, or a line with a lone dot.
 */
#ifndef TOOLS_SOURCE_H
#define TOOLS_SOURCE_H

#include "common/base/buf.h"

enum { SOURCE_KEPT = 1024 * 1024, SOURCE_PIECE = 64 * 1024 };

struct source {
	int fd;
	bool dots_are_text;
	struct buf kept;
	bool whole;    /* kept holds all of it */
	bool eightbit; /* in what is kept, there is a byte above 127 */
	bool spent;    /* what was not kept has been handed out */
	int failed;    /* errno of read(2), 0: none */
	/* private: */
	bool ended;
	bool in_line;    /* not at the start of a line */
	size_t withheld; /* bytes of the line ".\r\n", if this is it */
};

/* Reads until all is there or no more is kept.  False: failed says why. */
bool source_begin(struct source *, int fd, bool dots_are_text);
/*
 * The next piece behind what is kept, into out, which must be empty and have
 * room for SOURCE_PIECE + 2 bytes.  False: the end, or a failure.
 */
bool source_next(struct source *, struct buf *out);
void source_free(struct source *);

#endif
