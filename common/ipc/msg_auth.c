/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_auth.c - questions for a password, as tables. */
#include "common/ipc/msg_auth.h"

#include "common/base/alloc.h"
#include "common/ipc/types.h"

/* clang-format off */
static const struct ipc_field auth_check_fields[] = {
	{ "family", IPC_U8, offsetof(struct msg_auth_check, family), 0 },
	{ "client", IPC_BYTES, offsetof(struct msg_auth_check, client), MSG_IP_BYTES },
	{ "name", IPC_TEXT, offsetof(struct msg_auth_check, name), MSG_LOGIN_MAX },
	{ "password", IPC_TEXT, offsetof(struct msg_auth_check, password), MSG_PASSWORD_MAX },
};
/* clang-format on */

const struct ipc_type msg_auth_check = {
	.number = MSG_AUTH_CHECK,
	.name = "auth_check",
	.size = sizeof(struct msg_auth_check),
	.fields = auth_check_fields,
	.nfields = nitems(auth_check_fields),
	.credit = 256,
};

/* clang-format off */
static const struct ipc_field auth_is_fields[] = {
	{ "verdict", IPC_U8, offsetof(struct msg_auth_is, verdict), 0 },
};
/* clang-format on */

const struct ipc_type msg_auth_is = {
	.number = MSG_AUTH_IS,
	.name = "auth_is",
	.size = sizeof(struct msg_auth_is),
	.fields = auth_is_fields,
	.nfields = nitems(auth_is_fields),
};
