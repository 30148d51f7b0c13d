/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_explain.c - what would become of mail for an address. */
#include "common/ipc/msg_explain.h"

#include "common/base/alloc.h"
#include "common/ipc/types.h"

#include <stddef.h>

/* clang-format off */
static const struct ipc_field ask_explain_fields[] = {
	{ "connect", IPC_U8, offsetof(struct msg_ask_explain, connect), 0 },
	{ "address", IPC_TEXT, offsetof(struct msg_ask_explain, address), MSG_ADDRESS_MAX },
	{ "sender", IPC_TEXT, offsetof(struct msg_ask_explain, sender), MSG_ADDRESS_MAX },
	{ "login", IPC_TEXT, offsetof(struct msg_ask_explain, login), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_ask_explain = {
	.number = MSG_ASK_EXPLAIN,
	.name = "ask_explain",
	.size = sizeof(struct msg_ask_explain),
	.fields = ask_explain_fields,
	.nfields = nitems(ask_explain_fields),
	.credit = 1,
};

/* clang-format off */
static const struct ipc_field explain_fields[] = {
	{ "operator", IPC_U8, offsetof(struct msg_explain, operator_), 0 },
	{ "connect", IPC_U8, offsetof(struct msg_explain, ask.connect), 0 },
	{ "address", IPC_TEXT, offsetof(struct msg_explain, ask.address), MSG_ADDRESS_MAX },
	{ "sender", IPC_TEXT, offsetof(struct msg_explain, ask.sender), MSG_ADDRESS_MAX },
	{ "login", IPC_TEXT, offsetof(struct msg_explain, ask.login), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_explain = {
	.number = MSG_EXPLAIN,
	.name = "explain",
	.size = sizeof(struct msg_explain),
	.fields = explain_fields,
	.nfields = nitems(explain_fields),
	.credit = 8,
};

/* clang-format off */
static const struct ipc_field probe_fields[] = {
	{ "connect", IPC_U8, offsetof(struct msg_probe, connect), 0 },
	{ "transport", IPC_U8, offsetof(struct msg_probe, transport), 0 },
	{ "port", IPC_U16, offsetof(struct msg_probe, port), 0 },
	{ "host", IPC_TEXT, offsetof(struct msg_probe, host), MSG_HOST_MAX },
};
/* clang-format on */

const struct ipc_type msg_probe = {
	.number = MSG_PROBE,
	.name = "probe",
	.size = sizeof(struct msg_probe),
	.fields = probe_fields,
	.nfields = nitems(probe_fields),
	.credit = 4,
};

/* clang-format off */
static const struct ipc_field explain_name_fields[] = {
	{ "address", IPC_TEXT, offsetof(struct msg_explain_name, address), MSG_ADDRESS_MAX },
};
/* clang-format on */

const struct ipc_type msg_explain_name = {
	.number = MSG_EXPLAIN_NAME,
	.name = "explain_name",
	.size = sizeof(struct msg_explain_name),
	.fields = explain_name_fields,
	.nfields = nitems(explain_name_fields),
};

/* clang-format off */
static const struct ipc_field explain_route_fields[] = {
	{ "verdict", IPC_U8, offsetof(struct msg_explain_route, verdict), 0 },
	{ "transport", IPC_U8, offsetof(struct msg_explain_route, transport), 0 },
	{ "port", IPC_U16, offsetof(struct msg_explain_route, port), 0 },
	{ "login", IPC_U8, offsetof(struct msg_explain_route, login), 0 },
	{ "line", IPC_U32, offsetof(struct msg_explain_route, line), 0 },
	{ "address", IPC_TEXT, offsetof(struct msg_explain_route, address), MSG_ADDRESS_MAX },
	{ "host", IPC_TEXT, offsetof(struct msg_explain_route, host), MSG_HOST_MAX },
	{ "user", IPC_TEXT, offsetof(struct msg_explain_route, user), MSG_DOMAIN_MAX },
	{ "rule", IPC_TEXT, offsetof(struct msg_explain_route, rule), MSG_RULE_MAX },
};
/* clang-format on */

const struct ipc_type msg_explain_route = {
	.number = MSG_EXPLAIN_ROUTE,
	.name = "explain_route",
	.size = sizeof(struct msg_explain_route),
	.fields = explain_route_fields,
	.nfields = nitems(explain_route_fields),
};

/* clang-format off */
static const struct ipc_field explain_state_fields[] = {
	{ "known", IPC_U8, offsetof(struct msg_explain_state, known), 0 },
	{ "counted", IPC_U8, offsetof(struct msg_explain_state, counted), 0 },
	{ "failures", IPC_U32, offsetof(struct msg_explain_state, failures), 0 },
	{ "window", IPC_U32, offsetof(struct msg_explain_state, window), 0 },
	{ "open", IPC_U32, offsetof(struct msg_explain_state, open), 0 },
	{ "waiting", IPC_U64, offsetof(struct msg_explain_state, waiting), 0 },
	{ "not_before", IPC_I64, offsetof(struct msg_explain_state, not_before), 0 },
	{ "next_try", IPC_I64, offsetof(struct msg_explain_state, next_try), 0 },
	{ "suspended", IPC_I64, offsetof(struct msg_explain_state, suspended), 0 },
	{ "server_window", IPC_U32, offsetof(struct msg_explain_state, server_window), 0 },
	{ "server_open", IPC_U32, offsetof(struct msg_explain_state, server_open), 0 },
	{ "server", IPC_TEXT, offsetof(struct msg_explain_state, server), MSG_HOST_MAX },
	{ "reason", IPC_TEXT, offsetof(struct msg_explain_state, reason), MSG_TEXT_MAX },
	{ "error", IPC_TEXT, offsetof(struct msg_explain_state, error), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_explain_state = {
	.number = MSG_EXPLAIN_STATE,
	.name = "explain_state",
	.size = sizeof(struct msg_explain_state),
	.fields = explain_state_fields,
	.nfields = nitems(explain_state_fields),
};

/* clang-format off */
static const struct ipc_field explain_rate_fields[] = {
	{ "count", IPC_U32, offsetof(struct msg_explain_rate, count), 0 },
	{ "seconds", IPC_U32, offsetof(struct msg_explain_rate, seconds), 0 },
	{ "name", IPC_TEXT, offsetof(struct msg_explain_rate, name), MSG_HOP_MAX },
};
/* clang-format on */

const struct ipc_type msg_explain_rate = {
	.number = MSG_EXPLAIN_RATE,
	.name = "explain_rate",
	.size = sizeof(struct msg_explain_rate),
	.fields = explain_rate_fields,
	.nfields = nitems(explain_rate_fields),
};

/* clang-format off */
static const struct ipc_field explain_way_fields[] = {
	{ "tls", IPC_U8, offsetof(struct msg_explain_way, tls), 0 },
	{ "immediate", IPC_U8, offsetof(struct msg_explain_way, immediate), 0 },
	{ "line", IPC_U32, offsetof(struct msg_explain_way, line), 0 },
	{ "dane", IPC_U8, offsetof(struct msg_explain_way, dane), 0 },
	{ "login", IPC_U8, offsetof(struct msg_explain_way, login), 0 },
	{ "expires", IPC_I64, offsetof(struct msg_explain_way, expires), 0 },
	{ "mx", IPC_U8, offsetof(struct msg_explain_way, mx), 0 },
	{ "implicit", IPC_U8, offsetof(struct msg_explain_way, implicit), 0 },
	{ "secure", IPC_U8, offsetof(struct msg_explain_way, secure), 0 },
	{ "validates", IPC_U8, offsetof(struct msg_explain_way, validates), 0 },
	{ "family4", IPC_U8, offsetof(struct msg_explain_way, family4), 0 },
	{ "family6", IPC_U8, offsetof(struct msg_explain_way, family6), 0 },
	{ "bytes4", IPC_BYTES, offsetof(struct msg_explain_way, bytes4), MSG_IP_BYTES },
	{ "bytes6", IPC_BYTES, offsetof(struct msg_explain_way, bytes6), MSG_IP_BYTES },
	{ "source", IPC_TEXT, offsetof(struct msg_explain_way, source), MSG_NAME_MAX },
	{ "helo", IPC_TEXT, offsetof(struct msg_explain_way, helo), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_explain_way = {
	.number = MSG_EXPLAIN_WAY,
	.name = "explain_way",
	.size = sizeof(struct msg_explain_way),
	.fields = explain_way_fields,
	.nfields = nitems(explain_way_fields),
};

/* clang-format off */
static const struct ipc_field explain_host_fields[] = {
	{ "preference", IPC_U16, offsetof(struct msg_explain_host, preference), 0 },
	{ "answer", IPC_U8, offsetof(struct msg_explain_host, answer), 0 },
	{ "secure", IPC_U8, offsetof(struct msg_explain_host, secure), 0 },
	{ "ours", IPC_U8, offsetof(struct msg_explain_host, ours), 0 },
	{ "refused", IPC_U8, offsetof(struct msg_explain_host, refused), 0 },
	{ "host", IPC_TEXT, offsetof(struct msg_explain_host, host), MSG_HOST_MAX },
	{ "alias", IPC_TEXT, offsetof(struct msg_explain_host, alias), MSG_HOST_MAX },
};
/* clang-format on */

const struct ipc_type msg_explain_host = {
	.number = MSG_EXPLAIN_HOST,
	.name = "explain_host",
	.size = sizeof(struct msg_explain_host),
	.fields = explain_host_fields,
	.nfields = nitems(explain_host_fields),
};

/* clang-format off */
static const struct ipc_field explain_server_fields[] = {
	{ "family", IPC_U8, offsetof(struct msg_explain_server, family), 0 },
	{ "bytes", IPC_BYTES, offsetof(struct msg_explain_server, bytes), MSG_IP_BYTES },
	{ "port", IPC_U16, offsetof(struct msg_explain_server, port), 0 },
	{ "secure", IPC_U8, offsetof(struct msg_explain_server, secure), 0 },
	{ "tls", IPC_U8, offsetof(struct msg_explain_server, tls), 0 },
	{ "clear", IPC_U8, offsetof(struct msg_explain_server, clear), 0 },
	{ "dane", IPC_U8, offsetof(struct msg_explain_server, dane), 0 },
	{ "host", IPC_TEXT, offsetof(struct msg_explain_server, host), MSG_HOST_MAX },
	{ "name", IPC_TEXT, offsetof(struct msg_explain_server, name), MSG_HOST_MAX },
	{ "text", IPC_TEXT, offsetof(struct msg_explain_server, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_explain_server = {
	.number = MSG_EXPLAIN_SERVER,
	.name = "explain_server",
	.size = sizeof(struct msg_explain_server),
	.fields = explain_server_fields,
	.nfields = nitems(explain_server_fields),
};

/* clang-format off */
static const struct ipc_field explain_tlsa_fields[] = {
	{ "usage", IPC_U8, offsetof(struct msg_explain_tlsa, usage), 0 },
	{ "selector", IPC_U8, offsetof(struct msg_explain_tlsa, selector), 0 },
	{ "matching", IPC_U8, offsetof(struct msg_explain_tlsa, matching), 0 },
	{ "data", IPC_TEXT, offsetof(struct msg_explain_tlsa, data), MSG_DOMAIN_MAX },
	{ "flaw", IPC_TEXT, offsetof(struct msg_explain_tlsa, flaw), MSG_NAME_MAX },
};
/* clang-format on */

const struct ipc_type msg_explain_tlsa = {
	.number = MSG_EXPLAIN_TLSA,
	.name = "explain_tlsa",
	.size = sizeof(struct msg_explain_tlsa),
	.fields = explain_tlsa_fields,
	.nfields = nitems(explain_tlsa_fields),
};

/* clang-format off */
static const struct ipc_field explain_session_fields[] = {
	{ "family", IPC_U8, offsetof(struct msg_explain_session, family), 0 },
	{ "bytes", IPC_BYTES, offsetof(struct msg_explain_session, bytes), MSG_IP_BYTES },
	{ "port", IPC_U16, offsetof(struct msg_explain_session, port), 0 },
	{ "verdict", IPC_U8, offsetof(struct msg_explain_session, verdict), 0 },
	{ "smtp", IPC_U16, offsetof(struct msg_explain_session, smtp), 0 },
	{ "subject", IPC_U16, offsetof(struct msg_explain_session, subject), 0 },
	{ "detail", IPC_U16, offsetof(struct msg_explain_session, detail), 0 },
	{ "host", IPC_TEXT, offsetof(struct msg_explain_session, host), MSG_HOST_MAX },
	{ "tls", IPC_TEXT, offsetof(struct msg_explain_session, tls), MSG_TLS_MAX },
	{ "text", IPC_TEXT, offsetof(struct msg_explain_session, text), MSG_TEXT_MAX },
	{ "greeting", IPC_TEXT, offsetof(struct msg_explain_session, greeting), MSG_TEXT_MAX },
	{ "clear", IPC_TEXT, offsetof(struct msg_explain_session, clear), MSG_OFFERS_MAX },
	{ "offers", IPC_TEXT, offsetof(struct msg_explain_session, offers), MSG_OFFERS_MAX },
};
/* clang-format on */

const struct ipc_type msg_explain_session = {
	.number = MSG_EXPLAIN_SESSION,
	.name = "explain_session",
	.size = sizeof(struct msg_explain_session),
	.fields = explain_session_fields,
	.nfields = nitems(explain_session_fields),
};

/* clang-format off */
static const struct ipc_field explain_end_fields[] = {
	{ "code", IPC_U16, offsetof(struct msg_explain_end, code), 0 },
	{ "names", IPC_U32, offsetof(struct msg_explain_end, names), 0 },
	{ "verdict", IPC_U8, offsetof(struct msg_explain_end, verdict), 0 },
	{ "smtp", IPC_U16, offsetof(struct msg_explain_end, smtp), 0 },
	{ "subject", IPC_U16, offsetof(struct msg_explain_end, subject), 0 },
	{ "detail", IPC_U16, offsetof(struct msg_explain_end, detail), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_explain_end, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_explain_end = {
	.number = MSG_EXPLAIN_END,
	.name = "explain_end",
	.size = sizeof(struct msg_explain_end),
	.fields = explain_end_fields,
	.nfields = nitems(explain_end_fields),
};
