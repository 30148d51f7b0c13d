/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_control.c - what posternd and its children say, as tables. */
#include "common/ipc/msg_control.h"

#include "common/base/alloc.h"
#include "common/ipc/types.h"

/* clang-format off */
static const struct ipc_field boot_fields[] = {
	{ "kind", IPC_U16, offsetof(struct msg_boot, kind), 0 },
	{ "class", IPC_U16, offsetof(struct msg_boot, class_), 0 },
	{ "index", IPC_U32, offsetof(struct msg_boot, index), 0 },
	{ "uid", IPC_U32, offsetof(struct msg_boot, uid), 0 },
	{ "gid", IPC_U32, offsetof(struct msg_boot, gid), 0 },
	{ "operators", IPC_U32, offsetof(struct msg_boot, operators), 0 },
	{ "confine", IPC_U8, offsetof(struct msg_boot, confine), 0 },
	{ "debug", IPC_U8, offsetof(struct msg_boot, debug), 0 },
	{ "stamp", IPC_U8, offsetof(struct msg_boot, stamp), 0 },
	{ "root", IPC_TEXT, offsetof(struct msg_boot, root), MSG_PATH_MAX },
};
/* clang-format on */

const struct ipc_type msg_boot = {
	.number = MSG_BOOT,
	.name = "boot",
	.size = sizeof(struct msg_boot),
	.fields = boot_fields,
	.nfields = nitems(boot_fields),
};

/* clang-format off */
static const struct ipc_field setting_fields[] = {
	{ "key", IPC_U16, offsetof(struct msg_setting, key), 0 },
	{ "number", IPC_U64, offsetof(struct msg_setting, number), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_setting, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_setting = {
	.number = MSG_SETTING,
	.name = "setting",
	.size = sizeof(struct msg_setting),
	.fields = setting_fields,
	.nfields = nitems(setting_fields),
};

/* clang-format off */
static const struct ipc_field listener_fields[] = {
	{ "number", IPC_U16, offsetof(struct msg_listener, number), 0 },
	{ "port", IPC_U16, offsetof(struct msg_listener, port), 0 },
	{ "local", IPC_U8, offsetof(struct msg_listener, local), 0 },
	{ "tls", IPC_U8, offsetof(struct msg_listener, tls), 0 },
	{ "auth", IPC_U8, offsetof(struct msg_listener, auth), 0 },
};
/* clang-format on */

const struct ipc_type msg_listener = {
	.number = MSG_LISTENER,
	.name = "listener",
	.size = sizeof(struct msg_listener),
	.fields = listener_fields,
	.nfields = nitems(listener_fields),
	.fd = true,
};

/* clang-format off */
static const struct ipc_field accept_fields[] = {
	{ "reject", IPC_U8, offsetof(struct msg_accept, reject), 0 },
	{ "who", IPC_U8, offsetof(struct msg_accept, who), 0 },
	{ "family", IPC_U8, offsetof(struct msg_accept, family), 0 },
	{ "bits", IPC_U8, offsetof(struct msg_accept, bits), 0 },
	{ "tls", IPC_U8, offsetof(struct msg_accept, tls), 0 },
	{ "has_sender", IPC_U8, offsetof(struct msg_accept, has_sender), 0 },
	{ "has_domain", IPC_U8, offsetof(struct msg_accept, has_domain), 0 },
	{ "port", IPC_U16, offsetof(struct msg_accept, port), 0 },
	{ "bytes", IPC_BYTES, offsetof(struct msg_accept, bytes), MSG_IP_BYTES },
	{ "login", IPC_TEXT, offsetof(struct msg_accept, login), MSG_DOMAIN_MAX },
	{ "sender", IPC_TEXT, offsetof(struct msg_accept, sender), MSG_DOMAIN_MAX },
	{ "domain", IPC_TEXT, offsetof(struct msg_accept, domain), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_accept = {
	.number = MSG_ACCEPT,
	.name = "accept",
	.size = sizeof(struct msg_accept),
	.fields = accept_fields,
	.nfields = nitems(accept_fields),
};

/* clang-format off */
static const struct ipc_field route_source_fields[] = {
	{ "family4", IPC_U8, offsetof(struct msg_route_source, family4), 0 },
	{ "family6", IPC_U8, offsetof(struct msg_route_source, family6), 0 },
	{ "bytes4", IPC_BYTES, offsetof(struct msg_route_source, bytes4),
	    MSG_IP_BYTES },
	{ "bytes6", IPC_BYTES, offsetof(struct msg_route_source, bytes6),
	    MSG_IP_BYTES },
	{ "name", IPC_TEXT, offsetof(struct msg_route_source, name),
	    MSG_NAME_MAX },
	{ "helo", IPC_TEXT, offsetof(struct msg_route_source, helo),
	    MSG_DOMAIN_MAX },
};

const struct ipc_type msg_route_source = {
	.number = MSG_ROUTE_SOURCE,
	.name = "route_source",
	.size = sizeof(struct msg_route_source),
	.fields = route_source_fields,
	.nfields = nitems(route_source_fields),
};

static const struct ipc_field route_login_fields[] = {
	{ "port", IPC_U16, offsetof(struct msg_route_login, port), 0 },
	{ "secret", IPC_U8, offsetof(struct msg_route_login, secret), 0 },
	{ "cleartext", IPC_U8, offsetof(struct msg_route_login, cleartext), 0 },
	{ "user", IPC_TEXT, offsetof(struct msg_route_login, user),
	    MSG_DOMAIN_MAX },
	{ "host", IPC_TEXT, offsetof(struct msg_route_login, host),
	    MSG_DOMAIN_MAX },
};

const struct ipc_type msg_route_login = {
	.number = MSG_ROUTE_LOGIN,
	.name = "route_login",
	.size = sizeof(struct msg_route_login),
	.fields = route_login_fields,
	.nfields = nitems(route_login_fields),
};

static const struct ipc_field route_fields[] = {
	{ "match", IPC_U8, offsetof(struct msg_route, match), 0 },
	{ "from", IPC_U8, offsetof(struct msg_route, from), 0 },
	{ "transport", IPC_U8, offsetof(struct msg_route, transport), 0 },
	{ "tls", IPC_U8, offsetof(struct msg_route, tls), 0 },
	{ "immediate", IPC_U8, offsetof(struct msg_route, immediate), 0 },
	{ "port", IPC_U16, offsetof(struct msg_route, port), 0 },
	{ "login", IPC_U16, offsetof(struct msg_route, login), 0 },
	{ "source", IPC_U16, offsetof(struct msg_route, source), 0 },
	{ "line", IPC_U32, offsetof(struct msg_route, line), 0 },
	{ "domain", IPC_TEXT, offsetof(struct msg_route, domain), MSG_DOMAIN_MAX },
	{ "whose", IPC_TEXT, offsetof(struct msg_route, whose), MSG_DOMAIN_MAX },
	{ "host", IPC_TEXT, offsetof(struct msg_route, host), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_route = {
	.number = MSG_ROUTE,
	.name = "route",
	.size = sizeof(struct msg_route),
	.fields = route_fields,
	.nfields = nitems(route_fields),
};

/* clang-format off */
static const struct ipc_field resolver_fields[] = {
	{ "family", IPC_U8, offsetof(struct msg_resolver, family), 0 },
	{ "bytes", IPC_BYTES, offsetof(struct msg_resolver, bytes), MSG_IP_BYTES },
	{ "port", IPC_U16, offsetof(struct msg_resolver, port), 0 },
	{ "signed", IPC_TEXT, offsetof(struct msg_resolver, signed_name), MSG_DOMAIN_MAX },
	{ "bogus", IPC_TEXT, offsetof(struct msg_resolver, bogus_name), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_resolver = {
	.number = MSG_RESOLVER,
	.name = "resolver",
	.size = sizeof(struct msg_resolver),
	.fields = resolver_fields,
	.nfields = nitems(resolver_fields),
};

/* clang-format off */
static const struct ipc_field mx_allow_fields[] = {
	{ "family", IPC_U8, offsetof(struct msg_mx_allow, family), 0 },
	{ "bits", IPC_U8, offsetof(struct msg_mx_allow, bits), 0 },
	{ "bytes", IPC_BYTES, offsetof(struct msg_mx_allow, bytes), MSG_IP_BYTES },
};
/* clang-format on */

const struct ipc_type msg_mx_allow = {
	.number = MSG_MX_ALLOW,
	.name = "mx_allow",
	.size = sizeof(struct msg_mx_allow),
	.fields = mx_allow_fields,
	.nfields = nitems(mx_allow_fields),
};

const struct ipc_type msg_bare_ends = {
	.number = MSG_BARE_ENDS,
	.name = "bare_ends",
	.size = sizeof(struct msg_mx_allow),
	.fields = mx_allow_fields,
	.nfields = nitems(mx_allow_fields),
};

const struct ipc_type msg_exempt = {
	.number = MSG_EXEMPT,
	.name = "exempt",
	.size = sizeof(struct msg_mx_allow),
	.fields = mx_allow_fields,
	.nfields = nitems(mx_allow_fields),
};

static const struct ipc_field census_fields[] = {
	{ "column", IPC_U16, offsetof(struct msg_census, column), 0 },
};

const struct ipc_type msg_census = {
	.number = MSG_CENSUS,
	.name = "census",
	.size = sizeof(struct msg_census),
	.fields = census_fields,
	.nfields = nitems(census_fields),
	.fd = true,
};

/* clang-format off */
static const struct ipc_field local_fields[] = {
	{ "domain", IPC_TEXT, offsetof(struct msg_local, domain), MSG_DOMAIN_MAX },
};
/* clang-format on */

const struct ipc_type msg_local = {
	.number = MSG_LOCAL,
	.name = "local",
	.size = sizeof(struct msg_local),
	.fields = local_fields,
	.nfields = nitems(local_fields),
};

/* clang-format off */
static const struct ipc_field recipients_fields[] = {
	{ "line", IPC_U32, offsetof(struct msg_recipients, line), 0 },
	{ "domain", IPC_TEXT, offsetof(struct msg_recipients, domain), MSG_DOMAIN_MAX },
	{ "path", IPC_TEXT, offsetof(struct msg_recipients, path), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_recipients = {
	.number = MSG_RECIPIENTS,
	.name = "recipients",
	.size = sizeof(struct msg_recipients),
	.fields = recipients_fields,
	.nfields = nitems(recipients_fields),
};

/* clang-format off */
static const struct ipc_field recipient_fields[] = {
	{ "table", IPC_U32, offsetof(struct msg_recipient, table), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_recipient, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_recipient = {
	.number = MSG_RECIPIENT,
	.name = "recipient",
	.size = sizeof(struct msg_recipient),
	.fields = recipient_fields,
	.nfields = nitems(recipient_fields),
};

/* clang-format off */
static const struct ipc_field peer_fields[] = {
	{ "kind", IPC_U16, offsetof(struct msg_peer, kind), 0 },
	{ "class", IPC_U16, offsetof(struct msg_peer, class_), 0 },
	{ "index", IPC_U32, offsetof(struct msg_peer, index), 0 },
	{ "life", IPC_U32, offsetof(struct msg_peer, life), 0 },
};
/* clang-format on */

const struct ipc_type msg_peer = {
	.number = MSG_PEER,
	.name = "peer",
	.size = sizeof(struct msg_peer),
	.fields = peer_fields,
	.nfields = nitems(peer_fields),
	.fd = true,
};

/* clang-format off */
static const struct ipc_field broken_fields[] = {
	{ "kind", IPC_U16, offsetof(struct msg_broken, kind), 0 },
	{ "class", IPC_U16, offsetof(struct msg_broken, class_), 0 },
	{ "index", IPC_U32, offsetof(struct msg_broken, index), 0 },
	{ "life", IPC_U32, offsetof(struct msg_broken, life), 0 },
	{ "why", IPC_TEXT, offsetof(struct msg_broken, why), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_broken = {
	.number = MSG_BROKEN,
	.name = "broken",
	.size = sizeof(struct msg_broken),
	.fields = broken_fields,
	.nfields = nitems(broken_fields),
};

/* clang-format off */
static const struct ipc_field log_fields[] = {
	{ "stamp", IPC_U8, offsetof(struct msg_log, stamp), 0 },
};
/* clang-format on */

const struct ipc_type msg_log = {
	.number = MSG_LOG,
	.name = "log",
	.size = sizeof(struct msg_log),
	.fields = log_fields,
	.nfields = nitems(log_fields),
	.fd = true,
};

const struct ipc_type msg_boot_end = {
	.number = MSG_BOOT_END,
	.name = "boot_end",
	.size = 0,
};

const struct ipc_type msg_ready = {
	.number = MSG_READY,
	.name = "ready",
	.size = 0,
};

/* clang-format off */
static const struct ipc_field secret_fields[] = {
	{ "kind", IPC_U16, offsetof(struct msg_secret, kind), 0 },
	{ "listener", IPC_U16, offsetof(struct msg_secret, listener), 0 },
	{ "line", IPC_U32, offsetof(struct msg_secret, line), 0 },
	{ "path", IPC_TEXT, offsetof(struct msg_secret, path), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_secret = {
	.number = MSG_SECRET,
	.name = "secret",
	.size = sizeof(struct msg_secret),
	.fields = secret_fields,
	.nfields = nitems(secret_fields),
	.fd = true,
};

const struct ipc_type msg_secrets_end = {
	.number = MSG_SECRETS_END,
	.name = "secrets_end",
	.size = 0,
};

/* clang-format off */
static const struct ipc_field secrets_read_fields[] = {
	{ "line", IPC_U32, offsetof(struct msg_secrets_read, line), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_secrets_read, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_secrets_read = {
	.number = MSG_SECRETS_READ,
	.name = "secrets_read",
	.size = sizeof(struct msg_secrets_read),
	.fields = secrets_read_fields,
	.nfields = nitems(secrets_read_fields),
};

/* clang-format off */
static const struct ipc_field file_fields[] = {
	{ "kind", IPC_U16, offsetof(struct msg_file, kind), 0 },
	{ "number", IPC_U16, offsetof(struct msg_file, number), 0 },
	{ "line", IPC_U32, offsetof(struct msg_file, line), 0 },
	{ "path", IPC_TEXT, offsetof(struct msg_file, path), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_file = {
	.number = MSG_FILE,
	.name = "file",
	.size = sizeof(struct msg_file),
	.fields = file_fields,
	.nfields = nitems(file_fields),
	.fd = true,
};

/* clang-format off */
static const struct ipc_field rate_fields[] = {
	{ "count", IPC_U32, offsetof(struct msg_rate, count), 0 },
	{ "seconds", IPC_U32, offsetof(struct msg_rate, seconds), 0 },
	{ "name", IPC_TEXT, offsetof(struct msg_rate, name), MSG_HOP_MAX },
};
/* clang-format on */

const struct ipc_type msg_rate = {
	.number = MSG_RATE,
	.name = "rate",
	.size = sizeof(struct msg_rate),
	.fields = rate_fields,
	.nfields = nitems(rate_fields),
};

/* clang-format off */
static const struct ipc_field hop_want_fields[] = {
	{ "ticket", IPC_U32, offsetof(struct msg_hop_want, ticket), 0 },
	{ "route", IPC_U16, offsetof(struct msg_hop_want, route), 0 },
};

static const struct ipc_field hop_socket_fields[] = {
	{ "ticket", IPC_U32, offsetof(struct msg_hop_socket, ticket), 0 },
};

static const struct ipc_field hop_none_fields[] = {
	{ "ticket", IPC_U32, offsetof(struct msg_hop_none, ticket), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_hop_none, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_hop_want = {
	.number = MSG_HOP_WANT,
	.name = "hop_want",
	.size = sizeof(struct msg_hop_want),
	.fields = hop_want_fields,
	.nfields = nitems(hop_want_fields),
};

const struct ipc_type msg_hop_socket = {
	.number = MSG_HOP_SOCKET,
	.name = "hop_socket",
	.size = sizeof(struct msg_hop_socket),
	.fields = hop_socket_fields,
	.nfields = nitems(hop_socket_fields),
	.fd = true,
};

const struct ipc_type msg_hop_none = {
	.number = MSG_HOP_NONE,
	.name = "hop_none",
	.size = sizeof(struct msg_hop_none),
	.fields = hop_none_fields,
	.nfields = nitems(hop_none_fields),
};

/* clang-format off */
static const struct ipc_field file_read_fields[] = {
	{ "kind", IPC_U16, offsetof(struct msg_file_read, kind), 0 },
	{ "number", IPC_U16, offsetof(struct msg_file_read, number), 0 },
	{ "line", IPC_U32, offsetof(struct msg_file_read, line), 0 },
	{ "text", IPC_TEXT, offsetof(struct msg_file_read, text), MSG_TEXT_MAX },
};
/* clang-format on */

const struct ipc_type msg_file_read = {
	.number = MSG_FILE_READ,
	.name = "file_read",
	.size = sizeof(struct msg_file_read),
	.fields = file_read_fields,
	.nfields = nitems(file_read_fields),
};
