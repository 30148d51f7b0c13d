/* SPDX-License-Identifier: ISC */
/* tools/output.h - standard output that may close at any time (head, less).
 *
 * Text is gathered in a buffer that anybody appends to and written by
 * output_flush().  SIGPIPE must be ignored.
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include "common/base/buf.h"

struct output {
	struct buf text;
	bool closed;  /* the reader has seen enough: stop, and all is well */
	int failed;   /* errno of another failure, 0: none */
	size_t width; /* columns of the terminal, 0: it is none */
	bool utf8;    /* the locale says so */
};

/* Looks at standard output; sets the locale from the environment. */
void output_init(struct output *);
/* False: nobody reads any more. */
bool output_flush(struct output *);
/* Flushes only when much has gathered, so that small parts cost nothing. */
bool output_flush_if_large(struct output *);
/* Flushes and gives the exit code: `code`, or EX_IOERR after a failure. */
int output_end(struct output *, int code);

#endif
