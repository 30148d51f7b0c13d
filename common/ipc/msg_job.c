/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_job.c - how queue has messages delivered, as tables. */
#include "common/ipc/msg_job.h"

#include "common/base/alloc.h"
#include "common/ipc/types.h"

/* clang-format off */
static const struct ipc_field job_fields[] = {
	{ "message", IPC_U64, offsetof(struct msg_job, key.message), 0 },
	{ "group", IPC_U32, offsetof(struct msg_job, key.group), 0 },
	{ "attempt", IPC_U32, offsetof(struct msg_job, key.attempt), 0 },
	{ "worker", IPC_U32, offsetof(struct msg_job, key.worker), 0 },
	{ "token", IPC_BYTES, offsetof(struct msg_job, key.token), MSG_TOKEN_BYTES },
	{ "size", IPC_U64, offsetof(struct msg_job, size), 0 },
	{ "flags", IPC_U32, offsetof(struct msg_job, flags), 0 },
	{ "nrcpts", IPC_U32, offsetof(struct msg_job, nrcpts), 0 },
	{ "ret", IPC_U8, offsetof(struct msg_job, ret), 0 },
	{ "transport", IPC_U8, offsetof(struct msg_job, transport), 0 },
	{ "port", IPC_U16, offsetof(struct msg_job, port), 0 },
	{ "host", IPC_TEXT, offsetof(struct msg_job, host), MSG_HOST_MAX },
	{ "sender", IPC_TEXT, offsetof(struct msg_job, sender), MSG_ADDRESS_MAX },
	{ "envid", IPC_TEXT, offsetof(struct msg_job, envid), ENVID_MAX },
};
/* clang-format on */

const struct ipc_type msg_job = {
	.number = MSG_JOB,
	.name = "job",
	.size = sizeof(struct msg_job),
	.fields = job_fields,
	.nfields = nitems(job_fields),
	.fd = true,
	.credit = 1024,
};

/* clang-format off */
static const struct ipc_field job_rcpt_fields[] = {
	{ "n", IPC_U32, offsetof(struct msg_job_rcpt, n), 0 },
	{ "notify", IPC_U8, offsetof(struct msg_job_rcpt, notify), 0 },
	{ "address", IPC_TEXT, offsetof(struct msg_job_rcpt, address), MSG_ADDRESS_MAX },
	{ "orcpt", IPC_TEXT, offsetof(struct msg_job_rcpt, orcpt), ORCPT_MAX },
};
/* clang-format on */

const struct ipc_type msg_job_rcpt = {
	.number = MSG_JOB_RCPT,
	.name = "job_rcpt",
	.size = sizeof(struct msg_job_rcpt),
	.fields = job_rcpt_fields,
	.nfields = nitems(job_rcpt_fields),
};

/* clang-format off */
static const struct ipc_field result_fields[] = {
	{ "rcpt", IPC_U32, offsetof(struct msg_result, rcpt), 0 },
	{ "verdict", IPC_U8, offsetof(struct msg_result, verdict), 0 },
	{ "smtp", IPC_U16, offsetof(struct msg_result, smtp), 0 },
	{ "subject", IPC_U16, offsetof(struct msg_result, subject), 0 },
	{ "detail", IPC_U16, offsetof(struct msg_result, detail), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_result, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_result = {
	.number = MSG_RESULT,
	.name = "result",
	.size = sizeof(struct msg_result),
	.fields = result_fields,
	.nfields = nitems(result_fields),
};

/* clang-format off */
static const struct ipc_field dot_fields[] = {
	{ "family", IPC_U8, offsetof(struct msg_dot, family), 0 },
	{ "address", IPC_BYTES, offsetof(struct msg_dot, address), MSG_IP_BYTES },
	{ "host", IPC_TEXT, offsetof(struct msg_dot, host), MSG_HOST_MAX },
};
/* clang-format on */

const struct ipc_type msg_dot = {
	.number = MSG_DOT,
	.name = "dot",
	.size = sizeof(struct msg_dot),
	.fields = dot_fields,
	.nfields = nitems(dot_fields),
};

/* clang-format off */
static const struct ipc_field job_done_fields[] = {
	{ "verdict", IPC_U8, offsetof(struct msg_job_done, verdict), 0 },
	{ "stage", IPC_U8, offsetof(struct msg_job_done, stage), 0 },
	{ "login", IPC_U8, offsetof(struct msg_job_done, login), 0 },
	{ "dsn", IPC_U8, offsetof(struct msg_job_done, dsn), 0 },
	{ "smtp", IPC_U16, offsetof(struct msg_job_done, smtp), 0 },
	{ "subject", IPC_U16, offsetof(struct msg_job_done, subject), 0 },
	{ "detail", IPC_U16, offsetof(struct msg_job_done, detail), 0 },
	{ "family", IPC_U8, offsetof(struct msg_job_done, family), 0 },
	{ "address", IPC_BYTES, offsetof(struct msg_job_done, address), MSG_IP_BYTES },
	{ "host", IPC_TEXT, offsetof(struct msg_job_done, host), MSG_HOST_MAX },
	{ "tls", IPC_TEXT, offsetof(struct msg_job_done, tls), MSG_TLS_MAX },
	{ "text", IPC_TEXT, offsetof(struct msg_job_done, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_job_done = {
	.number = MSG_JOB_DONE,
	.name = "job_done",
	.size = sizeof(struct msg_job_done),
	.fields = job_done_fields,
	.nfields = nitems(job_done_fields),
};

/* clang-format off */
static const struct ipc_field held_fields[] = {
	{ "message", IPC_U64, offsetof(struct msg_held, key.message), 0 },
	{ "group", IPC_U32, offsetof(struct msg_held, key.group), 0 },
	{ "attempt", IPC_U32, offsetof(struct msg_held, key.attempt), 0 },
	{ "worker", IPC_U32, offsetof(struct msg_held, key.worker), 0 },
	{ "token", IPC_BYTES, offsetof(struct msg_held, key.token), MSG_TOKEN_BYTES },
};
/* clang-format on */

const struct ipc_type msg_held = {
	.number = MSG_HELD,
	.name = "held",
	.size = sizeof(struct msg_held),
	.fields = held_fields,
	.nfields = nitems(held_fields),
};

/* clang-format off */
static const struct ipc_field late_fields[] = {
	{ "message", IPC_U64, offsetof(struct msg_late, key.message), 0 },
	{ "group", IPC_U32, offsetof(struct msg_late, key.group), 0 },
	{ "attempt", IPC_U32, offsetof(struct msg_late, key.attempt), 0 },
	{ "worker", IPC_U32, offsetof(struct msg_late, key.worker), 0 },
	{ "token", IPC_BYTES, offsetof(struct msg_late, key.token), MSG_TOKEN_BYTES },
	{ "nrcpts", IPC_U32, offsetof(struct msg_late, nrcpts), 0 },
};
/* clang-format on */

const struct ipc_type msg_late = {
	.number = MSG_LATE,
	.name = "late",
	.size = sizeof(struct msg_late),
	.fields = late_fields,
	.nfields = nitems(late_fields),
	.credit = 1024,
};

const struct ipc_type msg_held_ask = {
	.number = MSG_HELD_ASK,
	.name = "held_ask",
	.size = 0,
	.credit = 1,
};

const struct ipc_type msg_held_end = {
	.number = MSG_HELD_END,
	.name = "held_end",
	.size = 0,
};

const struct ipc_type msg_retire = {
	.number = MSG_RETIRE,
	.name = "retire",
	.size = 0,
};

const struct ipc_type msg_renewed = {
	.number = MSG_RENEWED,
	.name = "renewed",
	.size = 0,
};
