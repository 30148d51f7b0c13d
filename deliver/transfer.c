/* SPDX-License-Identifier: ISC */
/* deliver/transfer.c - a body on its way from the spool to the wire.
 *
 * Must never write the final dot unless every byte was read.
 */
#include "deliver/transfer.h"

#include <errno.h>
#include <unistd.h>

void
transfer_begin(struct transfer *t, int fd, uint64_t size)
{
	t->fd = fd;
	t->at = 0;
	t->size = size;
	dots_out_begin(&t->dots);
}

static ssize_t
read_at(struct transfer *t, char *scratch)
{
	uint64_t left = t->size - t->at;
	ssize_t n;

	do
		n = pread(t->fd, scratch,
		    left < TRANSFER_PIECE ? (size_t)left : TRANSFER_PIECE,
		    (off_t)t->at);
	while (n == -1 && errno == EINTR);
	return n;
}

enum transfer_step
transfer_next(struct transfer *t, char *scratch, struct buf *out)
{
	ssize_t n;

	if (t->at < t->size) {
		n = read_at(t, scratch);
		if (n <= 0)
			return TRANSFER_BROKEN;
		t->at += (uint64_t)n;
		dots_out_add(&t->dots, view_make(scratch, (size_t)n), out);
	}
	if (t->at < t->size)
		return TRANSFER_MORE;
	dots_out_end(&t->dots, out);
	return TRANSFER_END;
}
