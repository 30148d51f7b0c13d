/* SPDX-License-Identifier: ISC */
/* master/children.c - the table of processes, and who talks to whom. */
#include "master/children.h"

#include "common/base/alloc.h"
#include "common/ipc/msg_tls.h"

enum {
	READERS = 2,       /* questions of postern sql at once */
	FILES_SPARE = 512, /* the stock of bodies, channels, log, loop */
	FILES_QUEUE = 32768,
	FILES_REPORT = 1024,
	FILES_FEW = 64,
	FILES_RESOLVE = 4096
};

static size_t
one(const struct conf *c)
{
	(void)c;
	return 1;
}

static size_t
readers(const struct conf *c)
{
	(void)c;
	return READERS;
}

static size_t
historians(const struct conf *c)
{
	return conf_number(c, KEY_HISTORY) != 0 ? 1 : 0;
}

static size_t
smtpd_strangers(const struct conf *c)
{
	return conf_has_listeners(c, false)
		   ? (size_t)conf_number(c, KEY_WORKERS_SMTPD)
		   : 0;
}

static size_t
smtpd_logins(const struct conf *c)
{
	return conf_has_listeners(c, true)
		   ? (size_t)conf_number(c, KEY_WORKERS_SMTPD)
		   : 0;
}

static size_t
authorities(const struct conf *c)
{
	return conf_has_listeners(c, true) ? 1 : 0;
}

static size_t
deliverers(const struct conf *c)
{
	return (size_t)conf_number(c, KEY_WORKERS_DELIVER);
}

/* A worker for each login of a route, which alone has the password. */
static size_t
deliverers_login(const struct conf *c)
{
	return c->nlogins;
}

/*
 * Only who sends everything to addresses does without DNS: what no route
 * matches goes by MX.
 */
static bool
has_name(const char *list)
{
	struct view v = view_of(list);
	char host[DOMAIN_MAX + 1];

	while (route_next_host(&v, host))
		if (!domain_is_literal(view_of(host)))
			return true;
	return false;
}

static size_t
resolvers(const struct conf *c)
{
	for (size_t i = 0; i < c->nroutes; i++) {
		const struct route *r = &c->routes[i];

		if (r->transport == TRANSPORT_MX ||
		    (!hop_is_socket(r->transport, r->host) &&
			has_name(r->host)))
			return 1;
		if (r->match == ROUTE_ANY && r->from == ROUTE_FROM_ANY)
			return 0;
	}
	return 1;
}

static size_t
lookups(const struct conf *c)
{
	return conf_has_tables(c) ? 1 : 0;
}

static size_t
tls_workers(const struct conf *c)
{
	if (c->nlisteners == 0 || c->ncertificates == 0)
		return 0;
	return (size_t)conf_number(c, KEY_WORKERS_TLS);
}

/*
 * One will do: what it does for a message is little against the rest.  None
 * only where every route says so, and nothing goes without a route.
 */
static size_t
tls_clients(const struct conf *c)
{
	bool all = false;

	for (size_t i = 0; i < c->nroutes; i++) {
		if (c->routes[i].tls != ROUTE_TLS_NONE)
			return 1;
		all = all || c->routes[i].match == ROUTE_ANY;
	}
	return all ? 0 : 1;
}

/* A session has its socket and the body that it receives. */
static size_t
smtpd_files(const struct conf *c)
{
	return 2 * (size_t)conf_number(c, KEY_SESSIONS) + FILES_SPARE;
}

/* A delivery has its socket and the body that it sends. */
static size_t
deliver_files(const struct conf *c)
{
	return 2 * (size_t)conf_number(c, KEY_TOTAL_CONNECTIONS) + 1024;
}

/* A session has its socket and our end of the clear text. */
static size_t
tls_files(const struct conf *c)
{
	return 2 * (size_t)conf_number(c, KEY_TLS_SESSIONS) +
	       2 * TLS_TURNED_AWAY + FILES_SPARE;
}

static size_t
queue_files(const struct conf *c)
{
	(void)c;
	return FILES_QUEUE;
}

static size_t
report_files(const struct conf *c)
{
	(void)c;
	return FILES_REPORT;
}

static size_t
few_files(const struct conf *c)
{
	(void)c;
	return FILES_FEW;
}

static size_t
resolve_files(const struct conf *c)
{
	(void)c;
	return FILES_RESOLVE;
}

/* clang-format off */
const struct program programs[] = {
	{ "postern-queue", "_postern-queue", PEER_QUEUE, 0, "queue",
	    ROOT_QUEUE, SOCKETS_NONE, STOP_LAST, queue_files, one },
	{ "postern-report", "_postern-report", PEER_REPORT, 0, "report",
	    ROOT_SPOOL, SOCKETS_CONTROL, STOP_FIRST, report_files, one },
	{ "postern-reader", "_postern-reader", PEER_READER, 0, "reader",
	    ROOT_SPOOL, SOCKETS_NONE, STOP_FIRST, few_files, readers },
	{ "postern-history", "_postern-history", PEER_HISTORY, 0, "history",
	    ROOT_HISTORY, SOCKETS_NONE, STOP_LAST, few_files, historians },
	{ "postern-resolve", "_postern-resolve", PEER_RESOLVE, 0, "resolve",
	    ROOT_EMPTY, SOCKETS_NONE, STOP_LAST, resolve_files, resolvers },
	{ "postern-lookup", "_postern-lookup", PEER_LOOKUP, 0, "lookup",
	    ROOT_EMPTY, SOCKETS_NONE, STOP_LAST, few_files, lookups },
	{ "postern-deliver", "_postern-deliver", PEER_DELIVER, 0, "deliver",
	    ROOT_EMPTY, SOCKETS_NONE, STOP_SECOND, deliver_files,
	    deliverers },
	{ "postern-deliver", "_postern-deliver-login", PEER_DELIVER,
	    CLASS_LOGIN, "deliver-login", ROOT_EMPTY, SOCKETS_NONE,
	    STOP_SECOND, deliver_files, deliverers_login },
	{ "postern-tls", "_postern-tls", PEER_TLS, 0, "tls",
	    ROOT_EMPTY, SOCKETS_NONE, STOP_SECOND, tls_files, tls_workers },
	{ "postern-tls", "_postern-tls-client", PEER_TLS, CLASS_CLIENT,
	    "tls-client", ROOT_EMPTY, SOCKETS_NONE, STOP_LAST, tls_files,
	    tls_clients },
	{ "postern-auth", "_postern-auth", PEER_AUTH, 0, "auth", ROOT_EMPTY,
	    SOCKETS_NONE, STOP_SECOND, few_files, authorities },
	{ "postern-smtpd", "_postern-smtpd", PEER_SMTPD, CLASS_STRANGER,
	    "smtpd", ROOT_EMPTY, SOCKETS_TCP, STOP_FIRST, smtpd_files,
	    smtpd_strangers },
	{ "postern-smtpd", "_postern-smtpd-login", PEER_SMTPD, CLASS_LOGIN,
	    "smtpd-login", ROOT_EMPTY, SOCKETS_LOGIN, STOP_FIRST, smtpd_files,
	    smtpd_logins },
	{ "postern-smtpd", "_postern-smtpd-local", PEER_SMTPD, CLASS_LOCAL,
	    "smtpd-local", ROOT_EMPTY, SOCKETS_SUBMIT, STOP_FIRST,
	    smtpd_files, one },
};
const size_t nprograms = nitems(programs);

static const struct {
	enum peer_kind a;
	enum peer_class class_; /* of a, 0 for each */
	enum peer_kind b;
	enum peer_class b_class; /* of b, as it is */
} wires[] = {
	{ PEER_SMTPD, 0, PEER_QUEUE, 0 },
	{ PEER_SMTPD, CLASS_STRANGER, PEER_TLS, 0 },
	{ PEER_SMTPD, CLASS_LOGIN, PEER_TLS, 0 },
	{ PEER_SMTPD, CLASS_LOGIN, PEER_AUTH, 0 },
	{ PEER_DELIVER, 0, PEER_TLS, CLASS_CLIENT },
	{ PEER_QUEUE, 0, PEER_DELIVER, 0 },
	{ PEER_QUEUE, 0, PEER_DELIVER, CLASS_LOGIN },
	{ PEER_DELIVER, 0, PEER_RESOLVE, 0 },
	{ PEER_SMTPD, CLASS_STRANGER, PEER_RESOLVE, 0 },
	{ PEER_SMTPD, CLASS_LOGIN, PEER_RESOLVE, 0 },
	{ PEER_SMTPD, 0, PEER_LOOKUP, 0 },
	{ PEER_QUEUE, 0, PEER_LOOKUP, 0 },
	{ PEER_QUEUE, 0, PEER_REPORT, 0 },
	{ PEER_REPORT, 0, PEER_READER, 0 },
	{ PEER_QUEUE, 0, PEER_HISTORY, 0 },
};
/* clang-format on */

static bool
wire_fits(size_t i, const struct program *a, const struct program *b)
{
	return wires[i].a == a->kind && wires[i].b == b->kind &&
	       (wires[i].class_ == 0 || wires[i].class_ == a->class_) &&
	       wires[i].b_class == b->class_;
}

bool
programs_are_wired(const struct program *a, const struct program *b)
{
	for (size_t i = 0; i < nitems(wires); i++)
		if (wire_fits(i, a, b) || wire_fits(i, b, a))
			return true;
	return false;
}
