/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_resolve.c - questions to the DNS, as tables. */
#include "common/ipc/msg_resolve.h"

#include "common/base/alloc.h"
#include "common/ipc/types.h"

/* clang-format off */
static const struct ipc_field question_fields[] = {
	{ "kind", IPC_U8, offsetof(struct msg_question, kind), 0 },
	{ "port", IPC_U16, offsetof(struct msg_question, port), 0 },
	{ "name", IPC_TEXT, offsetof(struct msg_question, name), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_question = {
	.number = MSG_QUESTION,
	.name = "question",
	.size = sizeof(struct msg_question),
	.fields = question_fields,
	.nfields = nitems(question_fields),
	.credit = 2048,
};

/* clang-format off */
static const struct ipc_field answer_mx_fields[] = {
	{ "preference", IPC_U16, offsetof(struct msg_answer_mx, preference), 0 },
	{ "host", IPC_TEXT, offsetof(struct msg_answer_mx, host), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_answer_mx = {
	.number = MSG_ANSWER_MX,
	.name = "answer_mx",
	.size = sizeof(struct msg_answer_mx),
	.fields = answer_mx_fields,
	.nfields = nitems(answer_mx_fields),
};

/* clang-format off */
static const struct ipc_field answer_addr_fields[] = {
	{ "family", IPC_U8, offsetof(struct msg_answer_addr, family), 0 },
	{ "bytes", IPC_BYTES, offsetof(struct msg_answer_addr, bytes), MSG_IP_BYTES },
};
/* clang-format on */

const struct ipc_type msg_answer_addr = {
	.number = MSG_ANSWER_ADDR,
	.name = "answer_addr",
	.size = sizeof(struct msg_answer_addr),
	.fields = answer_addr_fields,
	.nfields = nitems(answer_addr_fields),
};

/* clang-format off */
static const struct ipc_field answer_tlsa_fields[] = {
	{ "records", IPC_TEXT, offsetof(struct msg_answer_tlsa, records), TLSA_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_answer_tlsa = {
	.number = MSG_ANSWER_TLSA,
	.name = "answer_tlsa",
	.size = sizeof(struct msg_answer_tlsa),
	.fields = answer_tlsa_fields,
	.nfields = nitems(answer_tlsa_fields),
};

/* clang-format off */
static const struct ipc_field answer_end_fields[] = {
	{ "kind", IPC_U8, offsetof(struct msg_answer_end, kind), 0 },
	{ "secure", IPC_U8, offsetof(struct msg_answer_end, secure), 0 },
	{ "validates", IPC_U8, offsetof(struct msg_answer_end, validates), 0 },
	{ "ttl", IPC_U32, offsetof(struct msg_answer_end, ttl), 0 },
	{ "alias", IPC_TEXT, offsetof(struct msg_answer_end, alias), MSG_DOMAIN_MAX },
	{ "text", IPC_TEXT, offsetof(struct msg_answer_end, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_answer_end = {
	.number = MSG_ANSWER_END,
	.name = "answer_end",
	.size = sizeof(struct msg_answer_end),
	.fields = answer_end_fields,
	.nfields = nitems(answer_end_fields),
};

/* clang-format off */
static const struct ipc_field name_of_fields[] = {
	{ "family", IPC_U8, offsetof(struct msg_name_of, family), 0 },
	{ "bytes", IPC_BYTES, offsetof(struct msg_name_of, bytes), MSG_IP_BYTES },
};
/* clang-format on */

const struct ipc_type msg_name_of = {
	.number = MSG_NAME_OF,
	.name = "name_of",
	.size = sizeof(struct msg_name_of),
	.fields = name_of_fields,
	.nfields = nitems(name_of_fields),
	.credit = 256,
};

/* clang-format off */
static const struct ipc_field name_is_fields[] = {
	{ "kind", IPC_U8, offsetof(struct msg_name_is, kind), 0 },
	{ "name", IPC_TEXT, offsetof(struct msg_name_is, name), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_name_is = {
	.number = MSG_NAME_IS,
	.name = "name_is",
	.size = sizeof(struct msg_name_is),
	.fields = name_is_fields,
	.nfields = nitems(name_is_fields),
};
