/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_history.c - what queue tells history, as tables. */
#include "common/ipc/msg_history.h"

#include "common/base/alloc.h"
#include "common/ipc/types.h"

/* clang-format off */
static const struct ipc_field past_message_fields[] = {
	{ "id", IPC_U64, offsetof(struct msg_past_message, id), 0 },
	{ "size", IPC_U64, offsetof(struct msg_past_message, size), 0 },
	{ "received", IPC_I64, offsetof(struct msg_past_message, received), 0 },
	{ "uid", IPC_U32, offsetof(struct msg_past_message, uid), 0 },
	{ "cause", IPC_U64, offsetof(struct msg_past_message, cause), 0 },
	{ "client_family", IPC_U8, offsetof(struct msg_past_message, client_family), 0 },
	{ "client", IPC_BYTES, offsetof(struct msg_past_message, client), MSG_IP_BYTES },
	{ "sender", IPC_TEXT, offsetof(struct msg_past_message, sender), MSG_ADDRESS_MAX },
	{ "helo", IPC_TEXT, offsetof(struct msg_past_message, helo), MSG_DOMAIN_MAX },
	{ "message_id", IPC_TEXT, offsetof(struct msg_past_message, message_id), MSG_DOMAIN_MAX },
	{ "login", IPC_TEXT, offsetof(struct msg_past_message, login), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_past_message = {
	.number = MSG_PAST_MESSAGE,
	.name = "past_message",
	.size = sizeof(struct msg_past_message),
	.fields = past_message_fields,
	.nfields = nitems(past_message_fields),
};

/* clang-format off */
static const struct ipc_field past_rcpt_fields[] = {
	{ "id", IPC_U64, offsetof(struct msg_past_rcpt, id), 0 },
	{ "group", IPC_U32, offsetof(struct msg_past_rcpt, group), 0 },
	{ "n", IPC_U32, offsetof(struct msg_past_rcpt, n), 0 },
	{ "address", IPC_TEXT, offsetof(struct msg_past_rcpt, address), MSG_ADDRESS_MAX },
	{ "original", IPC_TEXT, offsetof(struct msg_past_rcpt, original), MSG_ADDRESS_MAX },
};
/* clang-format on */

const struct ipc_type msg_past_rcpt = {
	.number = MSG_PAST_RCPT,
	.name = "past_rcpt",
	.size = sizeof(struct msg_past_rcpt),
	.fields = past_rcpt_fields,
	.nfields = nitems(past_rcpt_fields),
};

/* clang-format off */
static const struct ipc_field past_event_fields[] = {
	{ "id", IPC_U64, offsetof(struct msg_past_event, id), 0 },
	{ "at", IPC_I64, offsetof(struct msg_past_event, at), 0 },
	{ "kind", IPC_U8, offsetof(struct msg_past_event, kind), 0 },
	{ "group", IPC_U32, offsetof(struct msg_past_event, group), 0 },
	{ "n", IPC_U32, offsetof(struct msg_past_event, n), 0 },
	{ "count", IPC_U32, offsetof(struct msg_past_event, count), 0 },
	{ "other", IPC_U64, offsetof(struct msg_past_event, other), 0 },
	{ "uid", IPC_U32, offsetof(struct msg_past_event, uid), 0 },
	{ "smtp", IPC_U16, offsetof(struct msg_past_event, smtp), 0 },
	{ "subject", IPC_U16, offsetof(struct msg_past_event, subject), 0 },
	{ "detail", IPC_U16, offsetof(struct msg_past_event, detail), 0 },
	{ "family", IPC_U8, offsetof(struct msg_past_event, family), 0 },
	{ "bytes", IPC_BYTES, offsetof(struct msg_past_event, bytes), MSG_IP_BYTES },
	{ "host", IPC_TEXT, offsetof(struct msg_past_event, host), MSG_DOMAIN_MAX },
	{ "tls", IPC_TEXT, offsetof(struct msg_past_event, tls), MSG_TLS_MAX },
	{ "address", IPC_TEXT, offsetof(struct msg_past_event, address), MSG_ADDRESS_MAX },
	{ "text", IPC_TEXT, offsetof(struct msg_past_event, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_past_event = {
	.number = MSG_PAST_EVENT,
	.name = "past_event",
	.size = sizeof(struct msg_past_event),
	.fields = past_event_fields,
	.nfields = nitems(past_event_fields),
};

/* clang-format off */
static const struct ipc_field past_lost_fields[] = {
	{ "count", IPC_U64, offsetof(struct msg_past_lost, count), 0 },
};
/* clang-format on */

const struct ipc_type msg_past_lost = {
	.number = MSG_PAST_LOST,
	.name = "past_lost",
	.size = sizeof(struct msg_past_lost),
	.fields = past_lost_fields,
	.nfields = nitems(past_lost_fields),
};
