/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_lookup.c - questions to the tables, as tables. */
#include "common/ipc/msg_lookup.h"

#include "common/base/alloc.h"
#include "common/ipc/types.h"

/* clang-format off */
static const struct ipc_field whether_fields[] = {
	{ "kind", IPC_U8, offsetof(struct msg_whether, kind), 0 },
	{ "address", IPC_TEXT, offsetof(struct msg_whether, address), MSG_ADDRESS_MAX },
	{ "login", IPC_TEXT, offsetof(struct msg_whether, login), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_whether = {
	.number = MSG_WHETHER,
	.name = "whether",
	.size = sizeof(struct msg_whether),
	.fields = whether_fields,
	.nfields = nitems(whether_fields),
	.credit = 4096,
};

/* clang-format off */
static const struct ipc_field whether_is_fields[] = {
	{ "answer", IPC_U8, offsetof(struct msg_whether_is, answer), 0 },
};
/* clang-format on */

const struct ipc_type msg_whether_is = {
	.number = MSG_WHETHER_IS,
	.name = "whether_is",
	.size = sizeof(struct msg_whether_is),
	.fields = whether_is_fields,
	.nfields = nitems(whether_is_fields),
};

/* clang-format off */
static const struct ipc_field expand_fields[] = {
	{ "address", IPC_TEXT, offsetof(struct msg_expand, address), MSG_ADDRESS_MAX },
};
/* clang-format on */

const struct ipc_type msg_expand = {
	.number = MSG_EXPAND,
	.name = "expand",
	.size = sizeof(struct msg_expand),
	.fields = expand_fields,
	.nfields = nitems(expand_fields),
	.credit = 4096,
};

/* clang-format off */
static const struct ipc_field expanded_fields[] = {
	{ "address", IPC_TEXT, offsetof(struct msg_expanded, address), MSG_ADDRESS_MAX },
};
/* clang-format on */

const struct ipc_type msg_expanded = {
	.number = MSG_EXPANDED,
	.name = "expanded",
	.size = sizeof(struct msg_expanded),
	.fields = expanded_fields,
	.nfields = nitems(expanded_fields),
};

/* clang-format off */
static const struct ipc_field expand_end_fields[] = {
	{ "count", IPC_U32, offsetof(struct msg_expand_end, count), 0 },
	{ "several", IPC_U8, offsetof(struct msg_expand_end, several), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_expand_end, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_expand_end = {
	.number = MSG_EXPAND_END,
	.name = "expand_end",
	.size = sizeof(struct msg_expand_end),
	.fields = expand_end_fields,
	.nfields = nitems(expand_end_fields),
};
