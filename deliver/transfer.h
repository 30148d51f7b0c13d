/* SPDX-License-Identifier: ISC */
/* deliver/transfer.h - a body on its way from the spool to the wire.
 *
 * Exactly `size` bytes are read, with pread: other jobs share the offset.
 * Dots are stuffed (RFC 5321 4.5.2); memory is constant however large the
 * body; a small one comes out in one piece, its final dot included.
 */
#ifndef DELIVER_TRANSFER_H
#define DELIVER_TRANSFER_H

#include "common/mail/dots.h"

enum {
	TRANSFER_PIECE = 64 * 1024, /* bytes of a body read at a time */
	/* what one piece can become: every byte a dot, and the end */
	TRANSFER_MAX = 2 * TRANSFER_PIECE + 8
};

enum transfer_step {
	TRANSFER_MORE,
	TRANSFER_END,   /* the final dot is in out */
	TRANSFER_BROKEN /* the file cannot be read, or is shorter than told */
};

struct transfer {
	int fd; /* lent */
	uint64_t at;
	uint64_t size;
	struct dots_out dots;
};

void transfer_begin(struct transfer *, int fd, uint64_t size);
/* Appends the next piece; scratch has TRANSFER_PIECE bytes. */
enum transfer_step transfer_next(
    struct transfer *, char *scratch, struct buf *out);

#endif
