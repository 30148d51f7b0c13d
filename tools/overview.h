/* SPDX-License-Identifier: ISC */
/* tools/overview.h - the queue by destination, as a table or JSON lines. Pure.
 */
#ifndef TOOLS_OVERVIEW_H
#define TOOLS_OVERVIEW_H

#include "common/base/buf.h"
#include "common/ipc/msg_report.h"

struct overview {
	struct buf *out; /* lent */
	bool json;
	bool utf8;
	size_t width;    /* of the terminal; 0: cut nothing */
	int64_t now;     /* wall clock, ms */
	uint64_t places; /* destinations so far */
};

void overview_row(struct overview *, const struct msg_summary *);
void overview_end(struct overview *);

#endif
