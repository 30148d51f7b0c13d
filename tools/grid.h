/* SPDX-License-Identifier: ISC */
/* tools/grid.h - an answer in SQL as a table or as JSON lines. Pure.
 *
 * Cells are gathered until all are there, so that the columns of the table
 * are as wide as what is in them, and shared out when the terminal is narrow.
 * They come from postern-report and are trusted no further than any peer.
 */
#ifndef TOOLS_GRID_H
#define TOOLS_GRID_H

#include "common/base/buf.h"
#include "common/ipc/msg_sql.h"

enum { GRID_COLUMNS_MAX = 100 };

struct grid {
	size_t ncolumns; /* the rest is private */
	bool named;      /* the row of names is complete */
	size_t column;   /* of the next cell */
	bool inside;     /* that cell has begun */
	uint8_t kind;    /* of it */
	struct buf part; /* of it */
	struct buf cells;
	size_t rows_at; /* where the first row begins, in cells */
	struct view names[GRID_COLUMNS_MAX];
	size_t widths[GRID_COLUMNS_MAX];
	bool narrow[GRID_COLUMNS_MAX]; /* than what is in it */
};

void grid_init(struct grid *);
void grid_free(struct grid *);
/* False: no answer looks like that, or it is larger than any. */
bool grid_cell(struct grid *, const struct msg_sql_cell *);

/* Where lines go, one at a time; false: enough. */
typedef bool grid_line(void *, struct view);

/* width: of the terminal, 0 none. */
void grid_table(struct grid *, size_t width, bool utf8, grid_line *, void *arg);
void grid_json(struct grid *, grid_line *, void *arg);

#endif
