/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_check.c - what is wrong with the spool. */
#include "common/ipc/msg_check.h"

#include "common/base/alloc.h"
#include "common/ipc/types.h"

#include <stddef.h>

/* clang-format off */
static const struct ipc_field ask_check_fields[] = {
	{ "full", IPC_U8, offsetof(struct msg_ask_check, full), 0 },
};
/* clang-format on */

const struct ipc_type msg_ask_check = {
	.number = MSG_ASK_CHECK,
	.name = "ask_check",
	.size = sizeof(struct msg_ask_check),
	.fields = ask_check_fields,
	.nfields = nitems(ask_check_fields),
	.credit = 1,
};

/* clang-format off */
static const struct ipc_field check_fields[] = {
	{ "run", IPC_U64, offsetof(struct msg_check, run), 0 },
	{ "phase", IPC_U32, offsetof(struct msg_check, phase), 0 },
	{ "message", IPC_U64, offsetof(struct msg_check, message), 0 },
	{ "group", IPC_U32, offsetof(struct msg_check, group), 0 },
	{ "rcpt", IPC_U32, offsetof(struct msg_check, rcpt), 0 },
};
/* clang-format on */

const struct ipc_type msg_check = {
	.number = MSG_CHECK,
	.name = "check",
	.size = sizeof(struct msg_check),
	.fields = check_fields,
	.nfields = nitems(check_fields),
	.credit = 1,
};

/* clang-format off */
static const struct ipc_field finding_fields[] = {
	{ "kind", IPC_U8, offsetof(struct msg_finding, kind), 0 },
	{ "id", IPC_U64, offsetof(struct msg_finding, id), 0 },
	{ "group", IPC_U32, offsetof(struct msg_finding, group), 0 },
	{ "name", IPC_TEXT, offsetof(struct msg_finding, name), MSG_DOMAIN_MAX },
	{ "text", IPC_TEXT, offsetof(struct msg_finding, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_finding = {
	.number = MSG_FINDING,
	.name = "finding",
	.size = sizeof(struct msg_finding),
	.fields = finding_fields,
	.nfields = nitems(finding_fields),
};

/* clang-format off */
static const struct ipc_field check_end_fields[] = {
	{ "code", IPC_U16, offsetof(struct msg_check_end, code), 0 },
	{ "phase", IPC_U32, offsetof(struct msg_check_end, phase), 0 },
	{ "message", IPC_U64, offsetof(struct msg_check_end, message), 0 },
	{ "group", IPC_U32, offsetof(struct msg_check_end, group), 0 },
	{ "rcpt", IPC_U32, offsetof(struct msg_check_end, rcpt), 0 },
	{ "rows", IPC_U64, offsetof(struct msg_check_end, rows), 0 },
	{ "files", IPC_U64, offsetof(struct msg_check_end, files), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_check_end, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_check_end = {
	.number = MSG_CHECK_END,
	.name = "check_end",
	.size = sizeof(struct msg_check_end),
	.fields = check_end_fields,
	.nfields = nitems(check_end_fields),
};

/* clang-format off */
static const struct ipc_field checked_fields[] = {
	{ "code", IPC_U16, offsetof(struct msg_checked, code), 0 },
	{ "rows", IPC_U64, offsetof(struct msg_checked, rows), 0 },
	{ "files", IPC_U64, offsetof(struct msg_checked, files), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_checked, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_checked = {
	.number = MSG_CHECKED,
	.name = "checked",
	.size = sizeof(struct msg_checked),
	.fields = checked_fields,
	.nfields = nitems(checked_fields),
};
