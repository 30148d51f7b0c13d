/* SPDX-License-Identifier: ISC */
/* common/mail/route.h - which transport and next hop a recipient has.
 *
 * Rows are tried in order, the first match wins: by recipient and, where a row
 * says so, by sender or login.  Without any match mail goes
 * to the MX hosts of the recipient's domain, port 25.  Local domains are our
 * hostname, "localhost", the empty domain, and those that are named so.
 */
#ifndef COMMON_MAIL_ROUTE_H
#define COMMON_MAIL_ROUTE_H

#include "common/base/ip.h"
#include "common/mail/mailbox.h"

enum { SMTP_PORT = 25, LMTP_PORT = 24 };

enum transport {
	TRANSPORT_MX = 1,
	TRANSPORT_HOST = 2,
	TRANSPORT_LOOKUP = 3, /* no route: who is meant is found out first */
	TRANSPORT_LMTP = 4    /* to hosts, or the path of a UNIX socket */
};

enum {
	ROUTE_PATH_MAX = 511,
	SOURCE_MAX = 31,        /* bytes of its name */
	ROUTE_SOCKET_MAX = 107, /* bytes of its path, as the system has it */
	ROUTE_HOSTS_MAX = 5     /* of one row, tried in their order */
};

enum route_match { ROUTE_ANY = 1, ROUTE_LOCAL, ROUTE_DOMAIN };

/* Whose mail: an address, all of a domain, or a login. */
enum route_from {
	ROUTE_FROM_ANY,
	ROUTE_FROM_ADDRESS,
	ROUTE_FROM_DOMAIN,
	ROUTE_FROM_LOGIN
};

/* What is asked of the connection, from the least to the most. */
enum route_tls {
	ROUTE_TLS_NONE,          /* clear text */
	ROUTE_TLS_OPPORTUNISTIC, /* encrypted where that works */
	ROUTE_TLS_REQUIRED,      /* encrypted, or later */
	ROUTE_TLS_VERIFY         /* and with a certificate for its name */
};

struct route {
	enum route_match match;
	char domain[DOMAIN_MAX + 1]; /* of ROUTE_DOMAIN */
	enum route_from from;
	char whose[LOGIN_MAX + 1]; /* unless it is anybody's */
	enum transport transport;
	/* unless by MX: name or "[1.2.3.4]", or several with commas; of
	 * TRANSPORT_LMTP also a path, which begins with "/" */
	char host[DOMAIN_MAX + 1];
	uint16_t port; /* 0: see route_port() */
	enum route_tls tls;
	bool immediate;  /* TLS from the first byte (RFC 8314) */
	uint16_t login;  /* at a host: its place, from 1; 0 none */
	uint16_t source; /* its place, from 1; 0: as the system chooses */
	uint32_t line;   /* of the statement; 0: not known */
};

/* By which addresses of ours, and what we call ourselves there. */
struct route_source {
	char name[SOURCE_MAX + 1];
	struct ip ip4, ip6;        /* family 0: none of that */
	char helo[DOMAIN_MAX + 1]; /* "": the hostname */
};

/* What proves to a server who we are. */
enum route_secret { ROUTE_PASSWORD, ROUTE_TOKEN };

/* Whom we are to the server of a route. */
struct route_login {
	char user[LOGIN_MAX + 1];
	char host[DOMAIN_MAX + 1]; /* of its route */
	uint16_t port;             /* likewise, 0: 25 */
	enum route_secret secret;
	bool cleartext;                /* a password may be said without TLS */
	uint32_t line;                 /* of the statement */
	char path[ROUTE_PATH_MAX + 1]; /* of the secret; posternd's alone */
};

struct routing {
	const struct route *rows;
	size_t nrows;
	const char *hostname;
	const char *postmaster;               /* "" or an address */
	const char (*locals)[DOMAIN_MAX + 1]; /* lower case */
	size_t nlocals;
	const struct route_login *logins;
	size_t nlogins;
	const struct route_source *sources;
	size_t nsources;
};

/* Whose mail it is; lent. */
struct route_origin {
	const char *sender; /* as printed; "" the null sender */
	const char *login;  /* "" or NULL: none */
};

enum route_verdict {
	ROUTE_TO,
	ROUTE_HOLD,   /* keep: postmaster's mail with no place to go */
	ROUTE_NOWHERE /* 550 5.1.1 */
};

struct route_result {
	enum route_verdict verdict;
	enum transport transport;  /* this and below for ROUTE_TO only */
	char host[DOMAIN_MAX + 1]; /* see route_next_hop() */
	uint16_t port;
	size_t row; /* the place of the row that matched, from 1; 0: none did */
};

/*
 * The name of a next hop: the host, or for TRANSPORT_MX the recipient's domain;
 * with "SOURCE%" before it where a source is given, and "USER@" before that
 * where we log in.  False: longer than a name may be.
 */
bool route_next_hop(const struct routing *, const struct route *,
    const char *domain, char out[DOMAIN_MAX + 1]);
/* What it is called, for people: "mx". */
const char *transport_word(enum transport);
/* 25, or 24 for LMTP, unless it says otherwise; 0 for a UNIX socket. */
uint16_t route_port(const struct route *);
/* Is that next hop a UNIX socket? */
bool hop_is_socket(enum transport, const char *hop);
/* The place, from 1, of the first row that leads to that UNIX socket; 0: none
 * does.  By it posternd is asked to connect. */
size_t route_socket(const struct routing *, const char *hop);
/* The next host of a list, cut off its front; false: there is none. */
bool route_next_host(struct view *list, char out[DOMAIN_MAX + 1]);
/* The host in such a name; lent. */
const char *route_hop_host(const char *hop);
/* NULL: none is given. */
const struct route_source *route_hop_source(
    const struct routing *, const char *hop);
/* The place of its login, from 1; 0: none is needed. */
size_t route_hop_login(
    const struct routing *, enum transport, const char *hop, uint16_t port);

/*
 * Without an origin (NULL) no row for somebody's mail matches.  A local address
 * that only "any to mx" matches has no place to go, as that
 * would be ourselves.  "user@[192.0.2.1]" by MX has the literal as its host:
 * deliver goes there directly (RFC 5321 5.1), by the rules for MX hosts.
 */
void route_find(const struct routing *, const struct mailbox *rcpt,
    const struct route_origin *, struct route_result *);
/*
 * postmaster and root of a local domain become the postmaster setting, if
 * there is one: true, and *out is that.  Otherwise false, and *out is the
 * address as it was.
 */
bool route_expand(
    const struct routing *, const struct mailbox *, struct mailbox *out);
/* What is asked of a next hop: the most that any route to it asks; where none
 * leads there, to be encrypted where that works. */
struct route_policy {
	enum route_tls tls;
	bool immediate;
	uint32_t line; /* of the first route that asks as much; 0: none does */
};
struct route_policy route_policy(
    const struct routing *, enum transport, const char *host, uint16_t port);
bool route_is_local(const struct routing *, const struct mailbox *);

#endif
