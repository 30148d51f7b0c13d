/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_tls.c - connections that go to the process of TLS, as tables.
 */
#include "common/ipc/msg_tls.h"

#include "common/base/alloc.h"
#include "common/ipc/types.h"

/* clang-format off */
static const struct ipc_field tls_serve_fields[] = {
	{ "listener", IPC_U16, offsetof(struct msg_tls_serve, listener), 0 },
	{ "turned_away", IPC_U8, offsetof(struct msg_tls_serve, turned_away), 0 },
};
/* clang-format on */

/* A conversation lasts as long as the client's session. */
const struct ipc_type msg_tls_serve = {
	.number = MSG_TLS_SERVE,
	.name = "tls_serve",
	.size = sizeof(struct msg_tls_serve),
	.fields = tls_serve_fields,
	.nfields = nitems(tls_serve_fields),
	.fd = true,
	.credit = 16384,
};

/* clang-format off */
static const struct ipc_field tls_connect_fields[] = {
	{ "verify", IPC_U8, offsetof(struct msg_tls_connect, verify), 0 },
	{ "name", IPC_TEXT, offsetof(struct msg_tls_connect, name), MSG_DOMAIN_MAX },
	{ "host", IPC_TEXT, offsetof(struct msg_tls_connect, host), MSG_DOMAIN_MAX },
	{ "domain", IPC_TEXT, offsetof(struct msg_tls_connect, domain), MSG_DOMAIN_MAX },
	{ "records", IPC_TEXT, offsetof(struct msg_tls_connect, records), TLSA_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_tls_connect = {
	.number = MSG_TLS_CONNECT,
	.name = "tls_connect",
	.size = sizeof(struct msg_tls_connect),
	.fields = tls_connect_fields,
	.nfields = nitems(tls_connect_fields),
	.fd = true,
	.credit = 16384,
};

/* clang-format off */
static const struct ipc_field tls_open_fields[] = {
	{ "protocol", IPC_TEXT, offsetof(struct msg_tls_open, protocol), MSG_PROTOCOL_MAX },
	{ "cipher", IPC_TEXT, offsetof(struct msg_tls_open, cipher), MSG_CIPHER_MAX },
	{ "name", IPC_TEXT, offsetof(struct msg_tls_open, name), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_tls_open = {
	.number = MSG_TLS_OPEN,
	.name = "tls_open",
	.size = sizeof(struct msg_tls_open),
	.fields = tls_open_fields,
	.nfields = nitems(tls_open_fields),
	.fd = true,
};

/* clang-format off */
static const struct ipc_field tls_end_fields[] = {
	{ "how", IPC_U8, offsetof(struct msg_tls_end, how), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_tls_end, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_tls_end = {
	.number = MSG_TLS_END,
	.name = "tls_end",
	.size = sizeof(struct msg_tls_end),
	.fields = tls_end_fields,
	.nfields = nitems(tls_end_fields),
};
