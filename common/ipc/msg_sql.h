/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_sql.h - a question in SQL, and its answer cell by cell.
 *
 * A tool asks postern-report, which hands the same question to a
 * postern-reader and passes on what that answers: a row with the names of the
 * columns, the rows, and MSG_SQL_END.
 */
#ifndef COMMON_IPC_MSG_SQL_H
#define COMMON_IPC_MSG_SQL_H

#include "common/ipc/msg_control.h"

enum {
	SQL_TEXT_MAX = 8000, /* bytes of a question */
	SQL_CELL_MAX = 1000  /* bytes of a cell in one frame */
};

enum sql_kind {
	SQL_NAME = 1, /* of a column */
	SQL_NULL = 2,
	SQL_NUMBER = 3, /* as JSON writes it */
	SQL_WORDS = 4,
	SQL_BYTES = 5 /* in hexadecimal */
};

enum sql_flag {
	SQL_GOES_ON = 1, /* the next frame has more of this cell */
	SQL_LAST = 2     /* of its row */
};

struct msg_ask_sql { /* opens */
	char text[SQL_TEXT_MAX + 1];
};

struct msg_sql_cell {
	uint8_t kind;  /* enum sql_kind */
	uint8_t flags; /* enum sql_flag */
	char text[SQL_CELL_MAX + 1];
};

struct msg_sql_end {   /* ends */
	uint16_t code; /* exit code of sysexits(3) for the tool, 0 is fine */
	uint64_t rows; /* whole ones that came before */
	char text[MSG_TEXT_MAX + 1];
};

extern const struct ipc_type msg_ask_sql, msg_sql_cell, msg_sql_end;

#endif
