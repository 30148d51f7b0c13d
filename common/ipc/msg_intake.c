/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_intake.c - how smtpd hands messages to queue, as tables. */
#include "common/ipc/msg_intake.h"

#include "common/base/alloc.h"
#include "common/ipc/types.h"

/* clang-format off */
static const struct ipc_field stock_fields[] = {
	{ "instance", IPC_U64, offsetof(struct msg_stock, instance), 0 },
	{ "id", IPC_U64, offsetof(struct msg_stock, id), 0 },
};
/* clang-format on */

const struct ipc_type msg_stock = {
	.number = MSG_STOCK,
	.name = "stock",
	.size = sizeof(struct msg_stock),
	.fields = stock_fields,
	.nfields = nitems(stock_fields),
	.fd = true,
};

/* clang-format off */
static const struct ipc_field stock_want_fields[] = {
	{ "count", IPC_U32, offsetof(struct msg_stock_want, count), 0 },
};
/* clang-format on */

const struct ipc_type msg_stock_want = {
	.number = MSG_STOCK_WANT,
	.name = "stock_want",
	.size = sizeof(struct msg_stock_want),
	.fields = stock_want_fields,
	.nfields = nitems(stock_want_fields),
};

/* clang-format off */
static const struct ipc_field abandon_fields[] = {
	{ "instance", IPC_U64, offsetof(struct msg_abandon, instance), 0 },
	{ "id", IPC_U64, offsetof(struct msg_abandon, id), 0 },
};
/* clang-format on */

const struct ipc_type msg_abandon = {
	.number = MSG_ABANDON,
	.name = "abandon",
	.size = sizeof(struct msg_abandon),
	.fields = abandon_fields,
	.nfields = nitems(abandon_fields),
};

/* clang-format off */
static const struct ipc_field commit_fields[] = {
	{ "instance", IPC_U64, offsetof(struct msg_commit, instance), 0 },
	{ "id", IPC_U64, offsetof(struct msg_commit, id), 0 },
	{ "nrcpts", IPC_U32, offsetof(struct msg_commit, nrcpts), 0 },
	{ "flags", IPC_U32, offsetof(struct msg_commit, flags), 0 },
	{ "uid", IPC_U32, offsetof(struct msg_commit, uid), 0 },
	{ "null_sender", IPC_U8, offsetof(struct msg_commit, null_sender), 0 },
	{ "ret", IPC_U8, offsetof(struct msg_commit, ret), 0 },
	{ "client_family", IPC_U8, offsetof(struct msg_commit, client_family), 0 },
	{ "client", IPC_BYTES, offsetof(struct msg_commit, client), MSG_IP_BYTES },
	{ "sender", IPC_TEXT, offsetof(struct msg_commit, sender), MSG_ADDRESS_MAX },
	{ "helo", IPC_TEXT, offsetof(struct msg_commit, helo), MSG_HELO_MAX },
	{ "message_id", IPC_TEXT, offsetof(struct msg_commit, message_id), MSG_ID_TEXT_MAX },
	{ "envid", IPC_TEXT, offsetof(struct msg_commit, envid), ENVID_MAX },
	{ "login", IPC_TEXT, offsetof(struct msg_commit, login), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_commit = {
	.number = MSG_COMMIT,
	.name = "commit",
	.size = sizeof(struct msg_commit),
	.fields = commit_fields,
	.nfields = nitems(commit_fields),
	.credit = 1024,
};

/* clang-format off */
static const struct ipc_field commit_rcpt_fields[] = {
	{ "notify", IPC_U8, offsetof(struct msg_commit_rcpt, notify), 0 },
	{ "address", IPC_TEXT, offsetof(struct msg_commit_rcpt, address), MSG_ADDRESS_MAX },
	{ "orcpt", IPC_TEXT, offsetof(struct msg_commit_rcpt, orcpt), ORCPT_MAX },
};
/* clang-format on */

const struct ipc_type msg_commit_rcpt = {
	.number = MSG_COMMIT_RCPT,
	.name = "commit_rcpt",
	.size = sizeof(struct msg_commit_rcpt),
	.fields = commit_rcpt_fields,
	.nfields = nitems(commit_rcpt_fields),
};

/* clang-format off */
static const struct ipc_field committed_fields[] = {
	{ "smtp", IPC_U16, offsetof(struct msg_committed, smtp), 0 },
	{ "subject", IPC_U16, offsetof(struct msg_committed, subject), 0 },
	{ "detail", IPC_U16, offsetof(struct msg_committed, detail), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_committed, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_committed = {
	.number = MSG_COMMITTED,
	.name = "committed",
	.size = sizeof(struct msg_committed),
	.fields = committed_fields,
	.nfields = nitems(committed_fields),
};

/* clang-format off */
static const struct ipc_field fate_fields[] = {
	{ "instance", IPC_U64, offsetof(struct msg_fate, instance), 0 },
	{ "id", IPC_U64, offsetof(struct msg_fate, id), 0 },
};
/* clang-format on */

const struct ipc_type msg_fate = {
	.number = MSG_FATE,
	.name = "fate",
	.size = sizeof(struct msg_fate),
	.fields = fate_fields,
	.nfields = nitems(fate_fields),
	.credit = 1024,
};

/* clang-format off */
static const struct ipc_field fate_is_fields[] = {
	{ "stored", IPC_U8, offsetof(struct msg_fate_is, stored), 0 },
};
/* clang-format on */

const struct ipc_type msg_fate_is = {
	.number = MSG_FATE_IS,
	.name = "fate_is",
	.size = sizeof(struct msg_fate_is),
	.fields = fate_is_fields,
	.nfields = nitems(fate_is_fields),
};

/* clang-format off */
static const struct ipc_field intake_state_fields[] = {
	{ "level", IPC_U8, offsetof(struct msg_intake_state, level), 0 },
	{ "smtp", IPC_U16, offsetof(struct msg_intake_state, smtp), 0 },
	{ "subject", IPC_U16, offsetof(struct msg_intake_state, subject), 0 },
	{ "detail", IPC_U16, offsetof(struct msg_intake_state, detail), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_intake_state, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_intake_state = {
	.number = MSG_INTAKE_STATE,
	.name = "intake_state",
	.size = sizeof(struct msg_intake_state),
	.fields = intake_state_fields,
	.nfields = nitems(intake_state_fields),
};
