/* SPDX-License-Identifier: ISC */
/* common/base/buf.h - a byte buffer that cannot outgrow its limit.
 *
 * A writer appends as often as it likes and asks buf_ok() once, at the end.
 * After the first append that does not fit, the buffer has failed and every
 * later append does nothing.  Out of memory ends the process.  Memory is
 * taken with the first byte and grows by doubling.
 */
#ifndef COMMON_BASE_BUF_H
#define COMMON_BASE_BUF_H

#include "common/base/view.h"

#include <stdarg.h>

struct buf {
	char *data;  /* NULL while empty */
	size_t len;  /* bytes in use */
	size_t size; /* bytes allocated */
	size_t max;  /* never more than this */
	bool failed; /* something did not fit */
};

void buf_init(struct buf *, size_t max);
void buf_free(struct buf *); /* gives the memory back; empty and usable after */
void buf_clear(struct buf *); /* empty again, not failed; memory kept */
void buf_add(struct buf *, struct view);
void buf_add_string(struct buf *, const char *);
void buf_printf(struct buf *, const char *, ...)
    __attribute__((__format__(printf, 2, 3)));
void buf_vprintf(struct buf *, const char *, va_list)
    __attribute__((__format__(printf, 2, 0)));
/* Room for n more bytes at the end, to be filled and then buf_commit()ted;
 * NULL (and failed) when they do not fit. */
char *buf_room(struct buf *, size_t n);
void buf_commit(struct buf *, size_t n);
void buf_drop(struct buf *, size_t n); /* forget the first n bytes */
bool buf_ok(const struct buf *);
struct view buf_view(const struct buf *); /* until the next change */
/* The content as a C string, until the next change; "" when empty. */
const char *buf_string(struct buf *);

#endif
