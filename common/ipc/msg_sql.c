/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_sql.c - a question in SQL and its answer, as tables. */
#include "common/ipc/msg_sql.h"

#include "common/base/alloc.h"
#include "common/ipc/types.h"

#include <stddef.h>

/* clang-format off */
static const struct ipc_field ask_sql_fields[] = {
	{ "text", IPC_TEXT, offsetof(struct msg_ask_sql, text), SQL_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_ask_sql = {
	.number = MSG_ASK_SQL,
	.name = "ask_sql",
	.size = sizeof(struct msg_ask_sql),
	.fields = ask_sql_fields,
	.nfields = nitems(ask_sql_fields),
	.credit = 1,
};

/* clang-format off */
static const struct ipc_field sql_cell_fields[] = {
	{ "kind", IPC_U8, offsetof(struct msg_sql_cell, kind), 0 },
	{ "flags", IPC_U8, offsetof(struct msg_sql_cell, flags), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_sql_cell, text), SQL_CELL_MAX },
};
/* clang-format on */

const struct ipc_type msg_sql_cell = {
	.number = MSG_SQL_CELL,
	.name = "sql_cell",
	.size = sizeof(struct msg_sql_cell),
	.fields = sql_cell_fields,
	.nfields = nitems(sql_cell_fields),
};

/* clang-format off */
static const struct ipc_field sql_end_fields[] = {
	{ "code", IPC_U16, offsetof(struct msg_sql_end, code), 0 },
	{ "rows", IPC_U64, offsetof(struct msg_sql_end, rows), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_sql_end, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_sql_end = {
	.number = MSG_SQL_END,
	.name = "sql_end",
	.size = sizeof(struct msg_sql_end),
	.fields = sql_end_fields,
	.nfields = nitems(sql_end_fields),
};
