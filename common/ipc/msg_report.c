/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_report.c - the control socket and orders to queue, as tables.
 */
#include "common/ipc/msg_report.h"

#include "common/base/alloc.h"
#include "common/ipc/types.h"

/* clang-format off */
static const struct ipc_field ask_queue_fields[] = {
	{ "after", IPC_U64, offsetof(struct msg_ask_queue, after), 0 },
	{ "limit", IPC_U32, offsetof(struct msg_ask_queue, limit), 0 },
	{ "brief", IPC_U8, offsetof(struct msg_ask_queue, brief), 0 },
	{ "state", IPC_U8, offsetof(struct msg_ask_queue, state), 0 },
	{ "older", IPC_I64, offsetof(struct msg_ask_queue, older), 0 },
	{ "younger", IPC_I64, offsetof(struct msg_ask_queue, younger), 0 },
	{ "sender", IPC_TEXT, offsetof(struct msg_ask_queue, sender), MSG_ADDRESS_MAX },
	{ "recipient", IPC_TEXT, offsetof(struct msg_ask_queue, recipient), MSG_ADDRESS_MAX },
	{ "domain", IPC_TEXT, offsetof(struct msg_ask_queue, domain), MSG_DOMAIN_MAX },
	{ "error", IPC_TEXT, offsetof(struct msg_ask_queue, error), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_ask_queue = {
	.number = MSG_ASK_QUEUE,
	.name = "ask_queue",
	.size = sizeof(struct msg_ask_queue),
	.fields = ask_queue_fields,
	.nfields = nitems(ask_queue_fields),
	.credit = 1,
};

/* clang-format off */
static const struct ipc_field ask_show_fields[] = {
	{ "id", IPC_U64, offsetof(struct msg_ask_show, id), 0 },
};
/* clang-format on */

const struct ipc_type msg_ask_show = {
	.number = MSG_ASK_SHOW,
	.name = "ask_show",
	.size = sizeof(struct msg_ask_show),
	.fields = ask_show_fields,
	.nfields = nitems(ask_show_fields),
	.credit = 1,
};

const struct ipc_type msg_ask_summary = {
	.number = MSG_ASK_SUMMARY,
	.name = "ask_summary",
	.credit = 1,
};

/* clang-format off */
static const struct ipc_field summary_fields[] = {
	{ "messages", IPC_U64, offsetof(struct msg_summary, messages), 0 },
	{ "oldest", IPC_I64, offsetof(struct msg_summary, oldest), 0 },
	{ "not_before", IPC_I64, offsetof(struct msg_summary, not_before), 0 },
	{ "suspended", IPC_I64, offsetof(struct msg_summary, suspended), 0 },
	{ "failures", IPC_U32, offsetof(struct msg_summary, failures), 0 },
	{ "destination", IPC_TEXT, offsetof(struct msg_summary, destination), MSG_HOP_MAX },
	{ "reason", IPC_TEXT, offsetof(struct msg_summary, reason), MSG_TEXT_MAX },
	{ "error", IPC_TEXT, offsetof(struct msg_summary, error), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_summary = {
	.number = MSG_SUMMARY,
	.name = "summary",
	.size = sizeof(struct msg_summary),
	.fields = summary_fields,
	.nfields = nitems(summary_fields),
};

/* clang-format off */
static const struct ipc_field ask_trace_fields[] = {
	{ "id", IPC_U64, offsetof(struct msg_ask_trace, id), 0 },
	{ "before", IPC_U64, offsetof(struct msg_ask_trace, before), 0 },
	{ "since", IPC_I64, offsetof(struct msg_ask_trace, since), 0 },
	{ "limit", IPC_U32, offsetof(struct msg_ask_trace, limit), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_ask_trace, text), MSG_ADDRESS_MAX },
};
/* clang-format on */

const struct ipc_type msg_ask_trace = {
	.number = MSG_ASK_TRACE,
	.name = "ask_trace",
	.size = sizeof(struct msg_ask_trace),
	.fields = ask_trace_fields,
	.nfields = nitems(ask_trace_fields),
	.credit = 1,
};

/* clang-format off */
static const struct ipc_field ask_order_fields[] = {
	{ "verb", IPC_U8, offsetof(struct msg_ask_order, verb), 0 },
	{ "id", IPC_U64, offsetof(struct msg_ask_order, id), 0 },
	{ "reason", IPC_TEXT, offsetof(struct msg_ask_order, reason), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_ask_order = {
	.number = MSG_ASK_ORDER,
	.name = "ask_order",
	.size = sizeof(struct msg_ask_order),
	.fields = ask_order_fields,
	.nfields = nitems(ask_order_fields),
	.credit = 1,
};

/* clang-format off */
static const struct ipc_field row_fields[] = {
	{ "id", IPC_U64, offsetof(struct msg_row, id), 0 },
	{ "size", IPC_U64, offsetof(struct msg_row, size), 0 },
	{ "received", IPC_I64, offsetof(struct msg_row, received), 0 },
	{ "uid", IPC_U32, offsetof(struct msg_row, uid), 0 },
	{ "client_family", IPC_U8, offsetof(struct msg_row, client_family), 0 },
	{ "client", IPC_BYTES, offsetof(struct msg_row, client), MSG_IP_BYTES },
	{ "sender", IPC_TEXT, offsetof(struct msg_row, sender), MSG_ADDRESS_MAX },
	{ "helo", IPC_TEXT, offsetof(struct msg_row, helo), MSG_DOMAIN_MAX },
	{ "message_id", IPC_TEXT, offsetof(struct msg_row, message_id), MSG_DOMAIN_MAX },
	{ "login", IPC_TEXT, offsetof(struct msg_row, login), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_row = {
	.number = MSG_ROW,
	.name = "row",
	.size = sizeof(struct msg_row),
	.fields = row_fields,
	.nfields = nitems(row_fields),
};

/* clang-format off */
static const struct ipc_field row_rcpt_fields[] = {
	{ "state", IPC_U8, offsetof(struct msg_row_rcpt, state), 0 },
	{ "attempts", IPC_U32, offsetof(struct msg_row_rcpt, attempts), 0 },
	{ "next_try", IPC_I64, offsetof(struct msg_row_rcpt, next_try), 0 },
	{ "address", IPC_TEXT, offsetof(struct msg_row_rcpt, address), MSG_ADDRESS_MAX },
	{ "original", IPC_TEXT, offsetof(struct msg_row_rcpt, original), MSG_ADDRESS_MAX },
	{ "destination", IPC_TEXT, offsetof(struct msg_row_rcpt, destination), MSG_HOP_MAX },
	{ "error", IPC_TEXT, offsetof(struct msg_row_rcpt, error), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_row_rcpt = {
	.number = MSG_ROW_RCPT,
	.name = "row_rcpt",
	.size = sizeof(struct msg_row_rcpt),
	.fields = row_rcpt_fields,
	.nfields = nitems(row_rcpt_fields),
};

/* clang-format off */
static const struct ipc_field rows_end_fields[] = {
	{ "more", IPC_U8, offsetof(struct msg_rows_end, more), 0 },
	{ "code", IPC_U16, offsetof(struct msg_rows_end, code), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_rows_end, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_rows_end = {
	.number = MSG_ROWS_END,
	.name = "rows_end",
	.size = sizeof(struct msg_rows_end),
	.fields = rows_end_fields,
	.nfields = nitems(rows_end_fields),
};

/* clang-format off */
static const struct ipc_field order_fields[] = {
	{ "verb", IPC_U8, offsetof(struct msg_order, verb), 0 },
	{ "id", IPC_U64, offsetof(struct msg_order, id), 0 },
	{ "uid", IPC_U32, offsetof(struct msg_order, uid), 0 },
	{ "operator", IPC_U8, offsetof(struct msg_order, operator_), 0 },
	{ "reason", IPC_TEXT, offsetof(struct msg_order, reason), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_order = {
	.number = MSG_ORDER,
	.name = "order",
	.size = sizeof(struct msg_order),
	.fields = order_fields,
	.nfields = nitems(order_fields),
	.credit = 64,
};

/* clang-format off */
static const struct ipc_field order_done_fields[] = {
	{ "code", IPC_U16, offsetof(struct msg_order_done, code), 0 },
	{ "count", IPC_U32, offsetof(struct msg_order_done, count), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_order_done, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_order_done = {
	.number = MSG_ORDER_DONE,
	.name = "order_done",
	.size = sizeof(struct msg_order_done),
	.fields = order_done_fields,
	.nfields = nitems(order_done_fields),
};

const struct ipc_type msg_order_is = {
	.number = MSG_ORDER_IS,
	.name = "order_is",
	.size = sizeof(struct msg_order_done),
	.fields = order_done_fields,
	.nfields = nitems(order_done_fields),
};

/* clang-format off */
static const struct ipc_field ask_suspend_fields[] = {
	{ "resume", IPC_U8, offsetof(struct msg_suspend, resume), 0 },
	{ "transport", IPC_U8, offsetof(struct msg_suspend, transport), 0 },
	{ "port", IPC_U16, offsetof(struct msg_suspend, port), 0 },
	{ "ms", IPC_U64, offsetof(struct msg_suspend, ms), 0 },
	{ "name", IPC_TEXT, offsetof(struct msg_suspend, name), MSG_DOMAIN_MAX },
	{ "reason", IPC_TEXT, offsetof(struct msg_suspend, reason), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_ask_suspend = {
	.number = MSG_ASK_SUSPEND,
	.name = "ask_suspend",
	.size = sizeof(struct msg_suspend),
	.fields = ask_suspend_fields,
	.nfields = nitems(ask_suspend_fields),
	.credit = 1,
};

/* clang-format off */
static const struct ipc_field suspend_fields[] = {
	{ "resume", IPC_U8, offsetof(struct msg_suspend, resume), 0 },
	{ "transport", IPC_U8, offsetof(struct msg_suspend, transport), 0 },
	{ "port", IPC_U16, offsetof(struct msg_suspend, port), 0 },
	{ "ms", IPC_U64, offsetof(struct msg_suspend, ms), 0 },
	{ "uid", IPC_U32, offsetof(struct msg_suspend, uid), 0 },
	{ "operator", IPC_U8, offsetof(struct msg_suspend, operator_), 0 },
	{ "name", IPC_TEXT, offsetof(struct msg_suspend, name), MSG_DOMAIN_MAX },
	{ "reason", IPC_TEXT, offsetof(struct msg_suspend, reason), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_suspend = {
	.number = MSG_SUSPEND,
	.name = "suspend",
	.size = sizeof(struct msg_suspend),
	.fields = suspend_fields,
	.nfields = nitems(suspend_fields),
	.credit = 64,
};
